using RPort.Gateway.Agents.Sessions;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>
/// Carries pushes out over a registered session. An agent with <c>push2</c> accepts at once and reports by itself later; an existing agent answers
/// when it is done, and its answer is the report.
/// </summary>
internal sealed class PushRun(SessionEnvironment environment, ClientLink link, SshConnection connection, ClientId client, bool push2, Func<bool> receptionEnabled)
{
    private const int ReportTries = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    public ClientId Client => client;

    public bool Push2 => push2;

    /// <summary>Carries one push out. True: its result is recorded. False: it was taken back, or the session ended, or it has to be ordered again.</summary>
    public async Task<bool> CarryOutAsync(Push push, SessionFiles files)
    {
        if (!receptionEnabled())
        {
            return await ReportAsync(UploadAnswers.Failure(push.Order, UploadRefusals.Disabled));
        }

        PayloadGrant grant = files.Grant(push.Order, TellProgressAsync);
        try
        {
            return await OrderAsync(push, grant);
        }
        catch (OperationCanceledException) when (push.Stop.IsCancellationRequested)
        {
            await CancelAsync(push);
            return false;
        }
        catch (SshException)
        {
            return false; // the session ends; the client grain hands the push to the next one
        }
        finally
        {
            files.Revoke(grant);
        }
    }

    /// <summary>One try to have a result recorded.</summary>
    public async Task<ReportOutcome> ReportOnceAsync(PushReport report, CancellationToken cancellationToken)
    {
        ReportOutcome outcome = await link.ReportAsync(report, cancellationToken);
        bool asHoped = outcome == ReportOutcome.Recorded && report.Status != PushStatus.Error;
        AgentSessionLog.PushReported(environment.Logger, asHoped ? LogLevel.Debug : LogLevel.Information, report.Upload, client, report.Status, outcome);
        if (outcome == ReportOutcome.Recorded)
        {
            environment.Metrics.PushReported(report.Status);
        }

        return outcome;
    }

    // An agent that cannot take it now is asked again, less often each time. The push keeps its turn meanwhile: the agent would refuse the next one as well.
    private async Task<bool> OrderAsync(Push push, PayloadGrant grant)
    {
        byte[] order = UploadAnswers.WriteOrder(push.Order, grant.Path, push2);
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            push.IsSent = true;
            AgentSessionLog.PushSent(environment.Logger, push.Order.Upload, client);
            Task<SshReply> answer = connection.RequestAsync(RequestNames.Upload, order, push.Stop).AsTask();
            if (!await ComesAsync(answer, push, grant))
            {
                return !push2 && await ReportAsync(UploadAnswers.Failure(push.Order, $"client error: no answer for {environment.Options.PushStallTimeout:c}"));
            }

            SshReply reply = await answer;
            if (!UploadAnswers.IsPassingRefusal(reply))
            {
                return UploadAnswers.ReadReply(push.Order, reply) is { } report ? await ReportAsync(report) : await ComesAsync(push.Reported, push, grant);
            }

            push.IsSent = false;
            AgentSessionLog.PushPutOff(environment.Logger, push.Order.Upload, client, pause);
            if (await IsReportedWithinAsync(push, pause * (0.5 + (Random.Shared.NextDouble() / 2))))
            {
                return true;
            }
        }
    }

    // The agent may have the result from an earlier session, and tell it while the order waits.
    private async Task<bool> IsReportedWithinAsync(Push push, TimeSpan time)
    {
        try
        {
            await push.Reported.WaitAsync(time, environment.Clock, push.Stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // Waits as long as the agent keeps fetching. False: it has stalled.
    private async Task<bool> ComesAsync(Task awaited, Push push, PayloadGrant grant)
    {
        TimeSpan stall = environment.Options.PushStallTimeout;
        TimeSpan wait = stall;
        while (true)
        {
            try
            {
                await awaited.WaitAsync(wait, environment.Clock, push.Stop);
                return true;
            }
            catch (TimeoutException)
            {
                wait = stall - grant.SinceLastRead;
                if (wait <= TimeSpan.Zero)
                {
                    AgentSessionLog.PushStalled(environment.Logger, push.Order.Upload, client);
                    return false;
                }
            }
        }
    }

    // A result that only we know is tried for a while, also beyond the end of the session: an existing agent would do all of it again.
    private async Task<bool> ReportAsync(PushReport report)
    {
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await ReportOnceAsync(report, CancellationToken.None) != ReportOutcome.StaleSession;
            }
            catch (Exception e)
            {
                // Whatever a grain call may throw.
                AgentSessionLog.ReportFailed(environment.Logger, report.Upload, client, e.Message);
                if (attempt == ReportTries)
                {
                    return false;
                }
            }

            await Task.Delay(pause, environment.Clock);
            pause *= 2;
        }
    }

    private async Task CancelAsync(Push push)
    {
        if (!push.IsWithdrawn || !push.IsSent || !push2)
        {
            return;
        }

        try
        {
            byte[] cancel = ProtocolJson.Write(new UploadCancel { Id = push.Order.Upload.Value }, ProtocolJson.Default.UploadCancel);
            await connection.NotifyAsync(RequestNames.UploadCancel, cancel, CancellationToken.None);
        }
        catch (SshException)
        {
            // The session is ending: with it ends the grant, and the agent learns at its next connect that the push is unknown.
        }
    }

    private async Task TellProgressAsync(PayloadGrant grant, long bytes)
    {
        try
        {
            await link.ProgressAsync(grant.Order.Upload, bytes);
        }
        catch (Exception)
        {
            // For display only, and the next one is half a second away: a transfer must not suffer from it.
        }
    }
}
