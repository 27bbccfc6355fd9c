using Microsoft.OpenApi;
using Orleans;
using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Commands;

/// <summary>/clients/{id}/commands and /scripts: have one client run something, and see how it ended.</summary>
internal static class CommandEndpoints
{
    private static readonly ListShape Jobs = ListShape.PagesOnly("jobs", 100, 1000);

    public static IServiceCollection AddCommands(this IServiceCollection services) => services.AddSingleton<CommandService>();

    public static void MapCommands(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("/clients/{clientId}").WithTags("Commands").RequireAuthorization();
        group.MapPost("/commands", RunAsync).WithName("RunCommand").WithSummary("Run a command on a client")
            .WithDescription("Answered when the agent has started it; the result comes by `GET /clients/{clientId}/commands/{jid}`. "
                + "Agents that do not run commands, and those whose configuration forbids this one, answer 409.")
            .Accepts<CommandBody>("application/json").Produces<DataBody<OrderedView>>().Fails(400, 404, 409, 415, 503);
        group.MapPost("/scripts", RunScriptAsync).WithName("RunScript").WithSummary("Run a script on a client")
            .WithDescription("As with a command.")
            .Accepts<ScriptBody>("application/json").Produces<DataBody<OrderedView>>().Fails(400, 404, 409, 415, 503);
        group.MapGet("/commands", ListAsync).WithName("ListCommands").WithSummary("The commands of a client, newest first")
            .WithDescription($"The newest {CommandLimits.MaxKept} are kept.")
            .WithMetadata(
                new QueryField("page[limit]", "Most commands in the answer: 100 if absent, at most 1000.", JsonSchemaType.Integer),
                new QueryField("page[offset]", "Commands to leave out at the start.", JsonSchemaType.Integer))
            .Produces<ListBody<CommandSummaryView>>().Fails(400, 404);
        group.MapGet("/commands/{jid}", GetAsync).WithName("GetCommand").WithSummary("A command with its result")
            .WithDescription("`status` is running, successful, failed or unknown: the agent stopped watching it, or never told how it ended.")
            .Produces<DataBody<JobView>>().Fails(404);
    }

    private static async Task<IResult> RunAsync(string clientId, HttpContext context, ClientDirectory clients, CommandService commands) =>
        await StartAsync(clientId, context, clients, commands, CommandBodies.Read(await JsonBody.ReadAsync<CommandBody>(context.Request, context.RequestAborted)));

    private static async Task<IResult> RunScriptAsync(string clientId, HttpContext context, ClientDirectory clients, CommandService commands) =>
        await StartAsync(clientId, context, clients, commands, CommandBodies.Read(await JsonBody.ReadAsync<ScriptBody>(context.Request, context.RequestAborted)));

    private static async Task<IResult> StartAsync(string clientId, HttpContext context, ClientDirectory clients, CommandService commands, CommandRequest order)
    {
        if (await FindAsync(clientId, clients) is not { Connected: true } client)
        {
            return CommandService.NotActive(clientId);
        }

        JobId job = await commands.StartAsync(order with
        {
            Client = client.Id,
            ClientName = client.Inventory.Name,
            CreatedBy = context.User.Identity?.Name ?? "",
        });
        return Answer.Of(new OrderedView(job.ToString()));
    }

    private static async Task<IResult> ListAsync(string clientId, HttpRequest request, ClientDirectory clients, IGrainFactory grains)
    {
        ListQuery query = ListQueryParser.Parse(request.Query, Jobs);
        if (await FindAsync(clientId, clients) is not { } client)
        {
            return ClientEndpoints.NotFound(clientId);
        }

        CommandPage page = await grains.GetGrain<ICommandLogGrain>(client.Id.Value).ListAsync(query.Offset, query.Limit);
        CommandSummary?[] jobs = await Task.WhenAll(page.Jobs.Select(job => Command(grains, client.Id, job).GetSummaryAsync()));
        return Answer.List([.. jobs.OfType<CommandSummary>().Select(CommandSummaryView.From)], page.Total);
    }

    private static async Task<IResult> GetAsync(string clientId, string jid, ClientDirectory clients, IGrainFactory grains)
    {
        if (await FindAsync(clientId, clients) is not { } client)
        {
            return ClientEndpoints.NotFound(clientId);
        }

        if (!JobId.TryParse(jid, null, out JobId job) || await Command(grains, client.Id, job).GetAsync() is not { } command)
        {
            return ApiFailure.NotFound($"Job[id=\"{jid}\"] not found.");
        }

        // Asked for by itself, as one answer has no room for both; a result that came in between belongs to an end that is not shown yet.
        CommandOutput? output = command.Status == CommandStatus.Running ? null : await Command(grains, client.Id, job).GetOutputAsync();
        return Answer.Of(JobView.From(command, output));
    }

    private static ICommandGrain Command(IGrainFactory grains, ClientId client, JobId job) =>
        grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(client, job));

    private static async Task<ClientRecord?> FindAsync(string clientId, ClientDirectory clients) =>
        ClientId.TryParse(clientId, null, out ClientId id) ? await clients.FindAsync(id) : null;
}
