namespace RPort.Testing;

/// <summary>One end of a <see cref="DuplexPair"/>.</summary>
public sealed class DuplexEnd : AsyncStream
{
    private readonly OneWay _input;
    private readonly OneWay _output;

    internal DuplexEnd(OneWay input, OneWay output)
    {
        _input = input;
        _output = output;
    }

    /// <summary>Ends this direction: the other end reads to here and then its end of stream. This end may go on reading.</summary>
    public void End() => _output.CloseWriter();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _output.WriteAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        _input.CloseReader();
        _output.CloseWriter();
        base.Dispose(disposing);
    }
}
