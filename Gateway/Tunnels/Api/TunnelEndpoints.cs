using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>/clients/{id}/tunnels and /tunnels: ways from a port of the gateway to what a client can reach.</summary>
internal static class TunnelEndpoints
{
    /// <summary>All in one answer unless pages are asked for.</summary>
    private const int Everything = 1_000_000;

    private static readonly ListTable<(ClientRecord Client, TunnelRecord Tunnel)> Tunnels = new(
        "tunnels",
        Everything,
        Everything,
        ("client_id", t => t.Client.Id.Value),
        ("id", t => t.Tunnel.Id.Value),
        ("name", t => t.Tunnel.Spec.Name),
        ("protocol", t => t.Tunnel.Spec.Protocol.Text()),
        ("lhost", t => t.Tunnel.Spec.LocalHost),
        ("lport", t => t.Tunnel.Spec.LocalPort),
        ("owner", t => t.Tunnel.Spec.Owner),
        ("rhost", t => t.Tunnel.Spec.RemoteHost),
        ("rport", t => t.Tunnel.Spec.RemotePort),
        ("scheme", t => t.Tunnel.Spec.Scheme ?? ""),
        ("acl", t => t.Tunnel.Spec.Acl),
        ("created_at", t => t.Tunnel.CreatedAt));

    public static IServiceCollection AddTunnelApi(this IServiceCollection services) =>
        services.AddSingleton<AclText>().AddSingleton<TunnelRequestReader>().AddSingleton<TunnelBoard>().AddSingleton<TunnelChanges>();

    public static void MapTunnels(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Tunnels").RequireAuthorization();
        Describe(group.MapPut("/clients/{clientId}/tunnels", OpenAsync).WithName("OpenTunnel").WithSummary("Open a tunnel to a client, or through it")
            .WithDescription("Everything is in the query. The port is open when this answers; the tunnel outlives the client's connection and keeps its id and port. "
                + "Without `acl` only the caller's own address may use it."))
            .Produces<DataBody<TunnelView>>().Fails(400, 404, 409, 503);
        group.MapDelete("/clients/{clientId}/tunnels/{tunnelId}", CloseAsync).WithName("CloseTunnel").WithSummary("Close a tunnel")
            .WithMetadata(new QueryField("force", "Close it even while connections are open.", JsonSchemaType.Boolean))
            .Produces(StatusCodes.Status204NoContent).Fails(400, 404, 409, 503);
        group.MapPut("/clients/{clientId}/tunnels/{tunnelId}/acl", ChangeAclAsync).WithName("SetTunnelAcl").WithSummary("Change who may use a tunnel")
            .WithDescription("Connections the new list does not allow are cut. `null` or an empty text: only the caller's own address.")
            .Accepts<TunnelAclBody>("application/json").Produces(StatusCodes.Status204NoContent).Fails(400, 404, 415, 503);
        group.MapGet("/clients/{clientId}/tunnels", ListOfClientAsync).WithName("ListTunnelsOfClient").WithSummary("The tunnels of one client, also while it is away")
            .Produces<ListBody<TunnelView>>().Fails(404);
        group.MapGet("/tunnels", ListAsync).WithName("ListTunnels").WithSummary("The tunnels of all connected clients")
            .WithDescription("`state` is open, waiting (for the client's session) or failed (`error` says why; it is tried again). "
                + "Counters start anew with every connection of the client, and are left out where its session does not answer within 2 seconds.")
            .WithMetadata(
                new QueryField("filter[client_id]", "Or any of id, name, protocol, lhost, lport, owner, rhost, rport, scheme, acl, created_at. Values `v1,v2`: one of them; `*` is a wildcard; case does not count."),
                new QueryField("sort", "Any of those fields, or, descending, `-field`; client and id if absent."),
                new QueryField("page[limit]", "Most tunnels in the answer; all if absent.", JsonSchemaType.Integer),
                new QueryField("page[offset]", "Tunnels to leave out at the start.", JsonSchemaType.Integer))
            .Produces<ListBody<TunnelView>>().Fails(400);
        group.MapStoredTunnels();
    }

    private static async Task<IResult> ListOfClientAsync(string clientId, ClientDirectory clients, TunnelBoard board)
    {
        IReadOnlyList<TunnelView> tunnels = await board.ListAsync(await clients.GetAsync(clientId));
        return Answer.List(tunnels, tunnels.Count);
    }

    private static async Task<IResult> OpenAsync(
        string clientId, HttpContext context, ClientDirectory clients, ClientSessions sessions, TunnelRequestReader reader, IOptions<TunnelOptions> options)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        if (!client.Connected)
        {
            return SessionRefusals.NotConnected(clientId);
        }

        TunnelRequest request = reader.Read(context);
        SessionAnswer answer = await sessions.AskAsync(client.Id, new OpenTunnel(QuestionId.New(), ClientLimits.MaxQuestionTime, request.Spec, request.CheckPort));
        return answer is TunnelOpened opened
            ? Answer.Of(TunnelView.From(opened.Tunnel))
            : TunnelRefusals.OfOpening(answer as Refused ?? new Refused(RefusalReason.GatewayFailed), clientId, request.Spec, options.Value);
    }

    private static async Task<IResult> CloseAsync(string clientId, string tunnelId, HttpRequest request, ClientDirectory clients, TunnelChanges changes)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        bool force = new QueryParameters(request.Query, ["force"]).Flag("force");
        return TunnelId.TryParse(tunnelId, null, out TunnelId tunnel)
            ? await changes.CloseAsync(client.Id, tunnel, force) ?? Results.NoContent()
            : TunnelRefusals.NotFound();
    }

    private static async Task<IResult> ChangeAclAsync(string clientId, string tunnelId, HttpContext context, ClientDirectory clients, TunnelChanges changes, AclText acls)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        TunnelAclBody body = await JsonBody.ReadAsync<TunnelAclBody>(context.Request, context.RequestAborted);
        string acl = acls.Read(body.Acl, context);
        return TunnelId.TryParse(tunnelId, null, out TunnelId tunnel)
            ? await changes.ChangeAclAsync(client.Id, tunnel, acl) ?? Results.NoContent()
            : TunnelRefusals.NotFound();
    }

    private static async Task<IResult> ListAsync(HttpRequest request, ClientDirectory clients, TunnelBoard board, CancellationToken cancellationToken)
    {
        ListQuery query = ListQueryParser.Parse(request.Query, Tunnels.Shape);
        IEnumerable<(ClientRecord, TunnelRecord)> all =
            (await clients.FindWithTunnelsAsync()).SelectMany(client => client.Tunnels.Select(tunnel => (client, tunnel)));
        (IReadOnlyList<(ClientRecord Client, TunnelRecord Tunnel)> page, int total) = Tunnels.Select(all, query);
        return Answer.List(await board.ListAsync(page, cancellationToken), total);
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint) => endpoint.WithMetadata(
        new QueryField("remote", "The target as seen from the client: a port of its machine, `host:port` or `[IPv6]:port`."),
        new QueryField("local", "The gateway's end: a port, `address:port` or `[IPv6]:port`. Any free port on all addresses if absent; `address:0` for any on one."),
        new QueryField("protocol", "`tcp` if absent, `udp` or `tcp%2Budp`."),
        new QueryField("name", "What to call it; at most 128 characters."),
        new QueryField("scheme", "A hint for user interfaces such as ssh, rdp, vnc, http, https; at most 15 characters. With http_proxy what the target speaks: http or https."),
        new QueryField("acl", "Who may use it: addresses and CIDR networks separated by commas. Only the caller's address if absent; `0.0.0.0/0,::/0` lets everybody in."),
        new QueryField("check_port", "0: do not let the agent try the target first. UDP is never tried.", JsonSchemaType.Boolean),
        new QueryField("idle-timeout-minutes", "Closed after so many minutes without a connection: 5 if absent, 0 for never, at most 10080.", JsonSchemaType.Integer),
        new QueryField("skip-idle-timeout", "As idle-timeout-minutes=0.", JsonSchemaType.Boolean),
        new QueryField("auto-close", "Closed so long after it was made, whatever its use: a duration such as 1m30s, at most 744h."),
        new QueryField("http_proxy", "Speak HTTPS on the port and forward the requests. Needs scheme=http or https, and a certificate at the gateway.", JsonSchemaType.Boolean),
        new QueryField("host_header", "With http_proxy: the Host header the target is to see."),
        new QueryField("auth_user", "With http_proxy: the user to ask for by HTTP basic authentication."),
        new QueryField("auth_password", "With auth_user: the password. It is kept as a hash and never shown."));
}

/// <summary>Who may use a tunnel.</summary>
internal sealed record TunnelAclBody
{
    public required string? Acl { get; init; }
}
