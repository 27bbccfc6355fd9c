using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;
using RPort.Gateway.Clients;
using RPort.Gateway.Json;
using RPort.Gateway.Listeners;
using RPort.Grains.Abstractions;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Status;

/// <summary>/status: the server itself.</summary>
internal static class StatusEndpoints
{
    public static IServiceCollection AddStatus(this IServiceCollection services) => services.AddCheckedOptions<StatusOptions>(StatusOptions.Section);

    public static void MapStatus(this IEndpointRouteBuilder api) =>
        api.MapGet("/status", GetAsync).WithTags("Status").RequireAuthorization().WithName("GetStatus").WithSummary("Version, fingerprint and numbers of clients")
            .Produces<DataBody<StatusView>>();

    private static async Task<IResult> GetAsync(
        ClientDirectory clients, IOptions<StatusOptions> options, IOptions<AgentListenerOptions> listener, IOptions<AgentDoorOptions> door, IHostIdentity identity)
    {
        ClientCounts counts = await clients.CountAsync();
        AgentListenerOptions agents = listener.Value;
        string scheme = agents.CertificateFile.Length > 0 ? "https" : "http";
        return Answer.Of(new StatusView
        {
            // Without either setting the credential made at the first start is used, and that is in a file.
            ClientsAuthSource = door.Value is { Auth.Length: > 0, AuthFile.Length: 0 } ? "Static Credentials" : "File",
            ClientsConnected = counts.Connected,
            ClientsDisconnected = counts.Disconnected,
            ConnectUrl = options.Value.ConnectUrls is { Length: > 0 } urls ? urls : [$"{scheme}://{agents.Address}"],
            Fingerprint = identity.FingerprintMd5,
            FingerprintSha256 = identity.FingerprintSha256,
            PairingUrl = options.Value.PairingUrl,
            Version = ProgramVersion.Current,
        });
    }
}
