using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>Questions a client grain has passed to its session and waits for. Used within the grain's turns only.</summary>
/// <param name="clock">Measures the waits.</param>
/// <param name="leaving">Fires when the silo cannot wait any longer.</param>
internal sealed class OpenQuestions(TimeProvider clock, CancellationToken leaving)
{
    private readonly Dictionary<QuestionId, TaskCompletionSource<SessionAnswer>> _open = [];

    /// <summary>Passes the question on and waits for its answer, up to the question's own time.</summary>
    public async Task<SessionAnswer> AskAsync(SessionQuestion question, ISessionObserver session)
    {
        if (_open.Count >= ClientLimits.MaxOpenQuestions)
        {
            return new Refused(RefusalReason.Busy);
        }

        TaskCompletionSource<SessionAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_open.TryAdd(question.Id, answer))
        {
            return new Refused(RefusalReason.GatewayFailed, "a question was asked twice");
        }

        try
        {
            session.Ask(question);
            TimeSpan wait = question.Timeout < ClientLimits.MaxQuestionTime ? question.Timeout : ClientLimits.MaxQuestionTime;
            return await answer.Task.WaitAsync(wait, clock, leaving);
        }
        catch (TimeoutException)
        {
            return new Refused(RefusalReason.TimedOut);
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return new Refused(RefusalReason.TimedOut);
        }
        finally
        {
            _open.Remove(question.Id);
        }
    }

    public void Answer(QuestionId question, SessionAnswer answer)
    {
        if (_open.TryGetValue(question, out TaskCompletionSource<SessionAnswer>? waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    /// <summary>The session that was asked is no more, or the way to it is lost.</summary>
    public void SessionLost()
    {
        foreach (TaskCompletionSource<SessionAnswer> waiting in _open.Values)
        {
            waiting.TrySetResult(new Refused(RefusalReason.NotConnected));
        }
    }
}
