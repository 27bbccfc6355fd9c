using RPort.Gateway.Agents.Sessions;
using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Commands;

/// <summary>
/// Carries a session's command results to the grains. Existing agents send each once and ask for no answer, so one that could not be recorded is
/// tried again here, also beyond the end of the session. At most <see cref="MaxUnrecorded"/> wait for that; a further one is lost, and said to be.
/// </summary>
internal sealed class CommandResults(SessionEnvironment environment) : IAsyncDisposable
{
    private const int MaxUnrecorded = 16;
    private const int Tries = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly List<Task> _unrecorded = [];

    /// <summary>Records a result of this client. Success is answered only once it is durable.</summary>
    public async Task<SshReply> TakeAsync(ClientId client, SshRequest request)
    {
        if (CommandReports.TryRead(request.Payload) is not { } result)
        {
            return SshReply.Fail("invalid command result");
        }

        try
        {
            return await RecordAsync(client, result.Job, result.Report) ? SshReply.Ok() : SshReply.Fail("unknown command");
        }
        catch (Exception e)
        {
            // Whatever a grain call may throw.
            AgentSessionLog.CommandResultFailed(environment.Logger, result.Job, client, e.Message);
            if (!request.WantsReply)
            {
                KeepTrying(client, result.Job, result.Report);
            }

            return SshReply.Fail("the result could not be recorded, try again");
        }
    }

    /// <summary>Waits for results that are tried again. The connection is closed before.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] all;
        lock (_gate)
        {
            all = [.. _unrecorded];
        }

        await Task.WhenAll(all);
    }

    private void KeepTrying(ClientId client, JobId job, CommandReport report)
    {
        lock (_gate)
        {
            _unrecorded.RemoveAll(static task => task.IsCompleted);
            if (_unrecorded.Count < MaxUnrecorded)
            {
                _unrecorded.Add(RetryAsync(client, job, report));
                return;
            }
        }

        AgentSessionLog.CommandResultLost(environment.Logger, job, client);
    }

    private async Task RetryAsync(ClientId client, JobId job, CommandReport report)
    {
        TimeSpan pause = FirstPause;
        for (int attempt = 2; attempt <= Tries; attempt++)
        {
            await Task.Delay(pause, environment.Clock);
            pause *= 2;
            try
            {
                await RecordAsync(client, job, report);
                return;
            }
            catch (Exception e)
            {
                // Whatever a grain call may throw.
                AgentSessionLog.CommandResultFailed(environment.Logger, job, client, e.Message);
            }
        }

        AgentSessionLog.CommandResultLost(environment.Logger, job, client);
    }

    private async Task<bool> RecordAsync(ClientId client, JobId job, CommandReport report)
    {
        bool known = await environment.Grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(client, job)).FinishAsync(report)
            .WaitAsync(environment.Options.GrainTimeout, environment.Clock);
        if (!known)
        {
            AgentSessionLog.ForeignCommand(environment.Logger, client, job);
        }

        return known;
    }
}
