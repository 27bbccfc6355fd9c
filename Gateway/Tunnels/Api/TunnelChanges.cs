using Orleans;
using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>Closes tunnels and changes who may use them: by the session that has them open, or in the record of a client that is not there.</summary>
internal sealed class TunnelChanges(ClientSessions sessions, IGrainFactory grains)
{
    /// <summary>A client may come or go between the two ways, which shows the other one to be right.</summary>
    private const int Tries = 3;

    /// <summary>Null when it is closed.</summary>
    public Task<ApiFailure?> CloseAsync(ClientId client, TunnelId tunnel, bool force) => ChangeAsync(
        client,
        tunnel,
        () => new CloseTunnel(QuestionId.New(), ClientLimits.MaxQuestionTime, tunnel, force),
        grain => grain.RemoveTunnelOfAbsentAsync(tunnel));

    /// <summary>Null when it is changed.</summary>
    public Task<ApiFailure?> ChangeAclAsync(ClientId client, TunnelId tunnel, string acl) => ChangeAsync(
        client,
        tunnel,
        () => new ChangeTunnelAcl(QuestionId.New(), ClientLimits.MaxQuestionTime, tunnel, acl),
        grain => grain.ChangeAclOfAbsentAsync(tunnel, acl));

    private async Task<ApiFailure?> ChangeAsync(ClientId client, TunnelId tunnel, Func<SessionQuestion> live, Func<IClientGrain, Task<bool>> absent)
    {
        IClientGrain grain = grains.GetGrain<IClientGrain>(client.Value);
        for (int i = 0; i < Tries; i++)
        {
            SessionAnswer answer = await sessions.AskAsync(client, live());
            switch (answer)
            {
                case Done:
                    return null;
                case Refused { Reason: RefusalReason.NotConnected }:
                    break;
                default:
                    return TunnelRefusals.OfChange(answer as Refused ?? new Refused(RefusalReason.GatewayFailed), client.Value);
            }

            if (await absent(grain))
            {
                return null;
            }

            if (await grain.GetAsync() is not { } record || !record.Tunnels.Any(kept => kept.Id == tunnel))
            {
                return TunnelRefusals.NotFound();
            }
        }

        return new ApiFailure(
            StatusCodes.Status503ServiceUnavailable,
            [new ApiError(ApiErrorCode.ClientNotConnected, $"Client with id=\"{client}\" is neither reachable nor gone.", "its session is being looked for: try again in a moment")])
        {
            RetryAfter = SessionLease.HeartbeatInterval,
        };
    }
}
