using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orleans;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Gateway.Queries;
using RPort.Gateway.Tunnels.Api;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>/clients and /client-tags: look at the machines, and forget those that are gone.</summary>
internal static class ClientEndpoints
{
    public static IServiceCollection AddClients(this IServiceCollection services) => services.AddSingleton<ClientDirectory>().AddSingleton<ClientSessions>();

    public static void MapClients(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Clients").RequireAuthorization();
        group.MapGet("/clients", ListAsync).WithName("ListClients").WithSummary("Find clients")
            .WithDescription("Different filters must all hold. A filter may name many fields, `filter[a|b]`, or all, `filter[*]`.")
            .WithMetadata(
                new QueryField("filter[id]", "Any field of a client may stand for `id`. Values `v1,v2`: one of them; `and(a,b)`: a list with all of them; `*` is a wildcard; case does not count."),
                new QueryField("sort", "`field` or, descending, `-field`; of id, name, os, hostname, version."),
                new QueryField("fields[clients]", "Fields to answer, such as `id,name,tags`; id, name, hostname if absent."),
                new QueryField("page[limit]", "Most clients in the answer: 50 if absent, at most 500.", JsonSchemaType.Integer),
                new QueryField("page[offset]", "Clients to leave out at the start.", JsonSchemaType.Integer))
            .Produces<ListBody<ClientView>>().Fails(400);
        group.MapGet("/clients/{clientId}", GetAsync).WithName("GetClient").WithSummary("Everything known of one client")
            .WithDescription("Tunnels are shown as in `GET /tunnels`.")
            .Produces<DataBody<ClientView>>().Fails(404);
        group.MapDelete("/clients/{clientId}", DeleteAsync).WithName("DeleteClient").WithSummary("Forget a client that is not connected")
            .Produces(StatusCodes.Status204NoContent).Fails(400, 404);
        group.MapClientAttributes();
        group.MapGet("/client-tags", ListTagsAsync).WithName("ListClientTags").WithSummary("All tags and the clients that bear them")
            .Produces<ListBody<ClientTagView>>().Fails(400);
    }

    public static ApiFailure NotFound(string clientId) => ApiFailure.NotFound($"Client with id=\"{clientId}\" not found.", code: ApiErrorCode.ClientNotFound);

    private static async Task<IResult> ListAsync(HttpRequest request, ClientDirectory clients)
    {
        ListQuery query = ListQueryParser.Parse(request.Query, ClientListShape.Clients);
        ClientPage page = await clients.QueryAsync(query);
        JsonObject[] views = [.. page.Clients.Select(record => ClientListShape.Cut(record, query.Fields))];
        return Answer.List(views, page.Total);
    }

    private static async Task<IResult> GetAsync(string clientId, ClientDirectory clients, TunnelBoard tunnels)
    {
        ClientRecord record = await clients.GetAsync(clientId);
        return Answer.Of(ClientView.From(record, await tunnels.ListAsync(record)));
    }

    private static async Task<IResult> DeleteAsync(string clientId, ClientDirectory clients, IGrainFactory grains)
    {
        if (!ClientId.TryParse(clientId, null, out ClientId id) || await clients.FindAsync(id) is null)
        {
            return NotFound(clientId);
        }

        return await grains.GetGrain<IClientGrain>(id.Value).DeleteAsync() switch
        {
            DeleteOutcome.Deleted => Results.NoContent(),
            DeleteOutcome.Connected => ApiFailure.BadRequest("Client is active, should be disconnected"),
            _ => NotFound(clientId),
        };
    }

    private static async Task<IResult> ListTagsAsync(HttpRequest request, ClientDirectory clients)
    {
        ListQuery query = ListQueryParser.Parse(request.Query, ClientListShape.Tags);
        ClientTagView[] tags = [.. (await clients.ListAsync())
            .SelectMany(client => client.Inventory.Tags.Distinct().Select(tag => (Tag: tag, client.Id)))
            .GroupBy(pair => pair.Tag, pair => pair.Id.Value, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new ClientTagView(group.Key, [.. group]))];
        return Answer.List([.. tags.Skip(query.Offset).Take(query.Limit)], tags.Length);
    }
}

/// <summary>One tag and who bears it.</summary>
internal sealed record ClientTagView(string Tag, IReadOnlyList<string> ClientIds);
