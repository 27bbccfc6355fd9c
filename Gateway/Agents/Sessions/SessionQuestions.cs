using System.Text;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>Answers what is asked of a session through its client grain. Every question is answered once, whatever goes wrong.</summary>
internal sealed class SessionQuestions(SessionEnvironment environment, ClientLink link, Func<SshConnection?> connection, SessionTunnels tunnels)
{
    /// <summary>Takes a question; the answer goes to the client grain. Returns at once.</summary>
    public void Take(SessionQuestion question) => _ = AnswerAsync(question);

    private async Task AnswerAsync(SessionQuestion question)
    {
        SessionAnswer answer;
        try
        {
            using CancellationTokenSource deadline = new(question.Timeout, environment.Clock);
            answer = await AnswerWhenStartedAsync(question, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            answer = new Refused(RefusalReason.TimedOut);
        }
        catch (SshException)
        {
            answer = new Refused(RefusalReason.NotConnected);
        }
        catch (Exception e)
        {
            // The edge of the question: whoever asked must hear something.
            AgentSessionLog.QuestionFailed(environment.Logger, question.GetType().Name, e);
            answer = new Refused(RefusalReason.GatewayFailed);
        }

        try
        {
            await link.AnswerAsync(question.Id, answer);
        }
        catch (Exception e)
        {
            // Whatever a grain call may throw: the one who asked hears that no answer came in time.
            AgentSessionLog.QuestionFailed(environment.Logger, question.GetType().Name, e);
        }
    }

    // The client grain calls the session connected, and passes questions on, a moment before the session hears of it: they wait for that.
    private async Task<SessionAnswer> AnswerWhenStartedAsync(SessionQuestion question, CancellationToken cancellationToken)
    {
        if (!await tunnels.Started.WaitAsync(cancellationToken))
        {
            return new Refused(RefusalReason.NotConnected);
        }

        return question is AskAgent request ? await AskAsync(request, cancellationToken) : await tunnels.AnswerAsync(question, cancellationToken);
    }

    private async Task<SessionAnswer> AskAsync(AskAgent request, CancellationToken cancellationToken)
    {
        if (connection() is not { } agent)
        {
            return new Refused(RefusalReason.NotConnected);
        }

        SshReply reply = await agent.RequestAsync(request.Name, Encoding.UTF8.GetBytes(request.Payload), cancellationToken);
        return reply.Payload.Length <= ClientLimits.MaxQuestionBytes
            ? new AgentReplied(reply.Success, Encoding.UTF8.GetString(reply.Payload.Span))
            : new Refused(RefusalReason.AgentFailed, "the agent's reply is too long");
    }
}
