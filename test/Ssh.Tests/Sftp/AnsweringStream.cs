using RPort.Testing;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>A server that answers each write with the next of its answers, whatever it was, and ends after the last.</summary>
internal sealed class AnsweringStream(params byte[][] answers) : AsyncStream
{
    private readonly SemaphoreSlim _written = new(0);
    private ReadOnlyMemory<byte> _answer;
    private int _next;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_answer.IsEmpty)
        {
            if (_next == answers.Length)
            {
                return 0;
            }

            await _written.WaitAsync(cancellationToken);
            _answer = answers[_next++];
        }

        int count = Math.Min(buffer.Length, _answer.Length);
        _answer[..count].CopyTo(buffer);
        _answer = _answer[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.Release();
        return default;
    }
}
