using RPort.Agent.Configuration;
using RPort.Agent.Supervision;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Agent.Session;

/// <summary>
/// Asks the gateway for signs of life. A silent link is dead after <see cref="ConnectionOptions.KeepAlive"/> plus one
/// <see cref="ConnectionOptions.KeepAliveTimeout"/>; one on which other bytes come, but no answer, after two.
/// </summary>
internal sealed class KeepAlive(ConnectionOptions options, TimeProvider clock, HealthDeadline health)
{
    /// <summary>The longest time between two calls of <see cref="HealthDeadline.Expect"/> by a loop that is not stuck.</summary>
    public TimeSpan Round => options.KeepAlive + options.KeepAliveTimeout + options.KeepAliveTimeout;

    /// <summary>Returns when the link is dead, or throws for its token. Closing is up to the caller.</summary>
    public async Task WatchAsync(SshConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            health.Expect(Round);
            await Task.Delay(options.KeepAlive, clock, cancellationToken).ConfigureAwait(false);
            if (!await IsAliveAsync(connection, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    private async Task<bool> IsAliveAsync(SshConnection connection, CancellationToken cancellationToken)
    {
        using CancellationTokenSource giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long lastBefore = connection.LastReceived;
        Task<SshReply> ping = connection.RequestAsync(RequestNames.Ping, ReadOnlyMemory<byte>.Empty, giveUp.Token).AsTask();
        try
        {
            for (int wait = 0; wait < 2; wait++)
            {
                try
                {
                    await ping.WaitAsync(options.KeepAliveTimeout, clock, cancellationToken).ConfigureAwait(false);
                    return true; // a failure reply is a sign of life as well
                }
                catch (TimeoutException)
                {
                    if (connection.LastReceived == lastBefore)
                    {
                        return false;
                    }

                    lastBefore = connection.LastReceived; // busy with something long: bytes came meanwhile
                }
            }

            return false;
        }
        catch (SshException)
        {
            return false;
        }
        finally
        {
            if (!ping.IsCompleted)
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                await ((Task)ping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
