namespace RPort.Agent.Supervision;

/// <summary>Feeds the service manager's watchdog while the agent makes progress. When it is stuck the manager is to kill and restart it.</summary>
internal sealed class Watchdog(SystemdNotifier manager, HealthDeadline health, TimeProvider clock)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (manager.WatchdogInterval is not { } interval)
        {
            return;
        }

        while (true)
        {
            if (health.IsMet)
            {
                manager.Send("WATCHDOG=1");
            }

            await Task.Delay(interval / 3, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
