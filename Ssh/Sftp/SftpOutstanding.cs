using System.Diagnostics.CodeAnalysis;

namespace RPort.Ssh.Sftp;

/// <summary>
/// The requests of a client's session that wait for an answer, and the reason the session ended once it has. While any waits, a deadline runs that
/// each answer moves on; when it passes, or on any other failure, all fail with the first reason and the session is told to stop.
/// </summary>
internal sealed class SftpOutstanding : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Request> _requests = [];
    private readonly TimeSpan _stallTimeout;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _deadline;
    private SftpException? _failure;
    private uint _lastId;

    /// <param name="stallTimeout">How long no answer at all may come.</param>
    /// <param name="clock">For the deadline.</param>
    /// <param name="stop">Cancelled on the first failure; stays the session's.</param>
    public SftpOutstanding(TimeSpan stallTimeout, TimeProvider clock, CancellationTokenSource stop)
    {
        _stallTimeout = stallTimeout;
        _stop = stop;
        _deadline = clock.CreateTimer(static me => ((SftpOutstanding)me!).OnDeadline(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="SftpException">The session has ended.</exception>
    public Task<SftpAnswer> Add(int maxDataBytes, out uint id)
    {
        var request = new Request(maxDataBytes);
        lock (_lock)
        {
            if (_failure is not null)
            {
                throw Failure();
            }

            do
            {
                id = ++_lastId; // wraps; an id still waiting 2^32 requests later is passed over
            }
            while (!_requests.TryAdd(id, request));

            if (_requests.Count == 1)
            {
                _deadline.Change(_stallTimeout, Timeout.InfiniteTimeSpan);
            }
        }

        return request.Answer;
    }

    public bool TryTake(uint id, [NotNullWhen(true)] out Request? request)
    {
        lock (_lock)
        {
            if (!_requests.Remove(id, out request))
            {
                return false;
            }

            _deadline.Change(_requests.Count > 0 ? _stallTimeout : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>Ends the session for the first reason given; later ones change nothing.</summary>
    public void Fail(SftpException reason)
    {
        Request[] failed;
        lock (_lock)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = reason;
            failed = [.. _requests.Values];
            _requests.Clear();
            _deadline.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        foreach (Request request in failed)
        {
            request.Fail(reason);
        }

        _stop.Cancel();
    }

    /// <summary>The reason the session ended, as a fresh exception for one more caller.</summary>
    public SftpException Failure() =>
        _failure is { } failure ? new SftpException(failure.Status, failure.Message, failure) : new SftpException(SftpStatus.NoConnection, "The session has ended.");

    public void Dispose() => _deadline.Dispose();

    private void OnDeadline() => Fail(new SftpException(SftpStatus.ConnectionLost, $"The server answered nothing for {_stallTimeout}."));

    /// <summary>One request that waits.</summary>
    internal sealed class Request(int maxDataBytes)
    {
        // Answers arrive on the receiving loop, which must not run the code of those who wait.
        private readonly TaskCompletionSource<SftpAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Most bytes of DATA it may be answered with; 0 where DATA is no answer.</summary>
        public int MaxDataBytes => maxDataBytes;

        public Task<SftpAnswer> Answer => _answer.Task;

        public void Complete(SftpAnswer answer) => _answer.TrySetResult(answer);

        public void Fail(SftpException reason)
        {
            _answer.TrySetException(new SftpException(reason.Status, reason.Message, reason));
            _ = _answer.Task.Exception; // seen: whoever gave up waiting must not make it an unobserved one
        }
    }
}
