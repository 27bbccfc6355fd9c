using RPort.Agent.Files;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Agent.Session;

/// <summary>
/// Joins one connection with the process's file receiver, from the moment the connection is the agent's chosen one until it no longer is. Orders
/// that come earlier wait for that moment, those that come later are refused.
/// </summary>
internal sealed class PushLink(IPushReceiver receiver)
{
    private readonly TaskCompletionSource<bool> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously); // true: push2
    private readonly Lock _state = new();
    private bool _released;

    /// <summary>The connection is the chosen one, and what its gateway can do is known.</summary>
    public void Attach(SshConnection connection, bool push2, SftpClientOptions options)
    {
        lock (_state)
        {
            if (_released)
            {
                return;
            }

            // Under the lock: a release that comes now must find an attachment to take back, or prevent it.
            receiver.Attach(new PayloadSource(connection, options), push2 ? (result, token) => ReportAsync(connection, result, token) : null);
            _attached.TrySetResult(push2);
        }
    }

    /// <summary>The connection is over, or another one has been chosen. May be called twice.</summary>
    public void Release()
    {
        lock (_state)
        {
            if (!_released)
            {
                _released = true;
                if (!_attached.TrySetCanceled())
                {
                    receiver.Detach();
                }
            }
        }
    }

    /// <summary>Answers <see cref="RequestNames.Upload"/>. In the base protocol the answer is the result itself, so it comes when the file is placed.</summary>
    public async ValueTask<SshReply> TakeOrderAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.UploadOrder) is not { } order)
        {
            return SshReply.Fail("the upload order cannot be read");
        }

        bool push2;
        try
        {
            push2 = await _attached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SshReply.Fail("this connection is being replaced");
        }

        UploadReply reply = receiver.Accept(order);
        if (!reply.Accepted)
        {
            return SshReply.Fail(reply.Refusal);
        }

        if (push2)
        {
            return SshReply.Ok(ProtocolJson.Write(new UploadAccepted { Accepted = true }, ProtocolJson.Default.UploadAccepted));
        }

        return SshReply.Defer(token => AnswerWithResultAsync(order.Id, token)); // tunnels are opened meanwhile
    }

    public void Cancel(ReadOnlyMemory<byte> payload)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.UploadCancel) is { } cancel)
        {
            receiver.Cancel(cancel.Id);
        }
    }

    private async Task<SshReply> AnswerWithResultAsync(string id, CancellationToken cancellationToken)
    {
        UploadResult result = await receiver.WaitForResultAsync(id, cancellationToken).ConfigureAwait(false);
        return result.Status == UploadResult.Error
            ? SshReply.Fail(result.Message)
            : SshReply.Ok(ProtocolJson.Write(result, ProtocolJson.Default.UploadResult));
    }

    /// <summary>True when the gateway has recorded the result, or has no use for it.</summary>
    private static async Task<bool> ReportAsync(SshConnection connection, UploadResult result, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(SessionLimits.ReportWait);
        try
        {
            SshReply reply = await connection.RequestAsync(
                RequestNames.UploadResult, ProtocolJson.Write(result, ProtocolJson.Default.UploadResult), deadline.Token).ConfigureAwait(false);
            return reply.Success || reply.Payload.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(RequestNames.UnknownUpload));
        }
        catch (SshException)
        {
            return false; // the connection's end is reported where it is watched
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
