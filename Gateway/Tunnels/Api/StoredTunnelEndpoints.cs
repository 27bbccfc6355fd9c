using Microsoft.OpenApi;
using Orleans;
using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>/clients/{id}/stored-tunnels: templates user interfaces keep with a client; nothing is opened by them.</summary>
internal static class StoredTunnelEndpoints
{
    private static readonly ListTable<StoredTunnel> Stored = new(
        "stored-tunnels",
        10,
        100,
        ("id", t => t.Id.ToString()),
        ("created_at", t => t.CreatedAt),
        ("name", t => t.Name),
        ("scheme", t => t.Scheme),
        ("remote_ip", t => t.RemoteIp),
        ("remote_port", t => t.RemotePort),
        ("public_port", t => t.PublicPort ?? 0),
        ("acl", t => t.Acl));

    public static void MapStoredTunnels(this IEndpointRouteBuilder group)
    {
        group.MapGet("/clients/{clientId}/stored-tunnels", ListAsync).WithName("ListStoredTunnels").WithSummary("A client's tunnel templates, oldest first")
            .WithMetadata(
                new QueryField("filter[name]", "Or any of id, created_at, scheme, remote_ip, remote_port, public_port, acl. Values `v1,v2`: one of them; `*` is a wildcard; case does not count."),
                new QueryField("sort", "Any of those fields, or, descending, `-field`."),
                new QueryField("page[limit]", "Most templates in the answer: 10 if absent, at most 100.", JsonSchemaType.Integer),
                new QueryField("page[offset]", "Templates to leave out at the start.", JsonSchemaType.Integer))
            .Produces<ListBody<StoredTunnelView>>().Fails(400, 404);
        group.MapPost("/clients/{clientId}/stored-tunnels", AddAsync).WithName("AddStoredTunnel").WithSummary("Keep a tunnel template")
            .Accepts<StoredTunnelBody>("application/json").Produces<DataBody<StoredTunnelView>>().Fails(400, 404, 409, 415);
        group.MapPut("/clients/{clientId}/stored-tunnels/{tunnelId}", ReplaceAsync).WithName("ReplaceStoredTunnel").WithSummary("Replace a tunnel template")
            .Accepts<StoredTunnelBody>("application/json").Produces<DataBody<StoredTunnelView>>().Fails(400, 404, 415);
        group.MapDelete("/clients/{clientId}/stored-tunnels/{tunnelId}", DeleteAsync).WithName("DeleteStoredTunnel").WithSummary("Forget a tunnel template")
            .Produces(StatusCodes.Status204NoContent).Fails(404);
    }

    private static async Task<IResult> ListAsync(string clientId, HttpRequest request, ClientDirectory clients, IGrainFactory grains)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        ListQuery query = ListQueryParser.Parse(request.Query, Stored.Shape);
        (IReadOnlyList<StoredTunnel> page, int total) = Stored.Select(await Grain(grains, client).GetStoredTunnelsAsync(), query);
        return Answer.List([.. page.Select(StoredTunnelView.From)], total);
    }

    private static Task<IResult> AddAsync(string clientId, HttpContext context, ClientDirectory clients, IGrainFactory grains, TimeProvider clock) =>
        KeepAsync(clientId, Guid.NewGuid(), replace: false, context, clients, grains, clock);

    private static async Task<IResult> ReplaceAsync(string clientId, string tunnelId, HttpContext context, ClientDirectory clients, IGrainFactory grains, TimeProvider clock) =>
        Guid.TryParse(tunnelId, out Guid id)
            ? await KeepAsync(clientId, id, replace: true, context, clients, grains, clock)
            : NotFound();

    private static async Task<IResult> KeepAsync(
        string clientId, Guid id, bool replace, HttpContext context, ClientDirectory clients, IGrainFactory grains, TimeProvider clock)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        StoredTunnelBody body = await JsonBody.ReadAsync<StoredTunnelBody>(context.Request, context.RequestAborted);
        IClientGrain grain = Grain(grains, client);
        StoredTunnelOutcome outcome = await grain.PutStoredTunnelAsync(body.Read(id, clock.GetUtcNow()), replace);
        return outcome == StoredTunnelOutcome.Done && (await grain.GetStoredTunnelsAsync()).FirstOrDefault(kept => kept.Id == id) is { } stored
            ? Answer.Of(StoredTunnelView.From(stored))
            : Failure(outcome, clientId);
    }

    private static async Task<IResult> DeleteAsync(string clientId, string tunnelId, ClientDirectory clients, IGrainFactory grains)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        StoredTunnelOutcome outcome = Guid.TryParse(tunnelId, out Guid id) ? await Grain(grains, client).DeleteStoredTunnelAsync(id) : StoredTunnelOutcome.NotFound;
        return outcome == StoredTunnelOutcome.Done ? Results.NoContent() : Failure(outcome, clientId);
    }

    private static ApiFailure Failure(StoredTunnelOutcome outcome, string clientId) => outcome switch
    {
        StoredTunnelOutcome.UnknownClient => ClientEndpoints.NotFound(clientId),
        StoredTunnelOutcome.Full => ApiFailure.Conflict(
            "The client has too many stored tunnels.", $"{ClientLimits.MaxStoredTunnels} are allowed: delete some", ApiErrorCode.TooManyStoredTunnels),
        _ => NotFound(),
    };

    private static ApiFailure NotFound() =>
        ApiFailure.NotFound("stored tunnel not found", "the id of a stored tunnel of this client is expected", ApiErrorCode.StoredTunnelNotFound);

    private static IClientGrain Grain(IGrainFactory grains, ClientRecord client) => grains.GetGrain<IClientGrain>(client.Id.Value);
}
