using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>Asks the live sessions of clients, on whichever gateway they are.</summary>
internal sealed class ClientSessions(IGrainFactory grains, TimeProvider clock)
{
    /// <summary>On top of the question's own time, for the way to the client's grain and back.</summary>
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(2);

    /// <summary>The answer; <see cref="Refused"/> where there is no session, or no answer in time.</summary>
    public async Task<SessionAnswer> AskAsync(ClientId client, SessionQuestion question)
    {
        try
        {
            return await grains.GetGrain<IClientGrain>(client.Value).AskAsync(question).WaitAsync(question.Timeout + Way, clock);
        }
        catch (TimeoutException)
        {
            return new Refused(RefusalReason.TimedOut);
        }
    }
}
