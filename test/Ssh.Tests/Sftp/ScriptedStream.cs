using RPort.Testing;

namespace RPort.Ssh.Tests.Sftp;

/// <summary>Gives fixed bytes in pieces of a chosen size, then EOF; remembers what is written.</summary>
internal sealed class ScriptedStream(byte[] script, Func<int, int> pieceAt) : AsyncStream
{
    private int _position;

    public MemoryStream Written { get; } = new();

    public static ScriptedStream Whole(byte[] script) => new(script, _ => int.MaxValue);

    public static ScriptedStream OneByteAtATime(byte[] script) => new(script, _ => 1);

    public static ScriptedStream SplitAt(byte[] script, int split) => new(script, position => position < split ? split - position : int.MaxValue);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Math.Min(Math.Min(buffer.Length, script.Length - _position), pieceAt(_position));
        script.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return ValueTask.FromResult(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written.Write(buffer.Span);
        return default;
    }
}
