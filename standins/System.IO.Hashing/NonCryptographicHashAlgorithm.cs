using System.Buffers;
namespace System.IO.Hashing;

/// <summary>The one type of System.IO.Hashing that the Azure Storage client libraries bind to.</summary>
public abstract class NonCryptographicHashAlgorithm
{
    protected NonCryptographicHashAlgorithm(int hashLengthInBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashLengthInBytes, 1);
        HashLengthInBytes = hashLengthInBytes;
    }
    public int HashLengthInBytes { get; }
    public abstract void Append(ReadOnlySpan<byte> source);
    public abstract void Reset();
    protected abstract void GetCurrentHashCore(Span<byte> destination);
    protected virtual void GetHashAndResetCore(Span<byte> destination) { GetCurrentHashCore(destination); Reset(); }
    public void Append(byte[] source) { ArgumentNullException.ThrowIfNull(source); Append(new ReadOnlySpan<byte>(source)); }
    public void Append(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try { int n; while ((n = stream.Read(buffer, 0, buffer.Length)) > 0) Append(new ReadOnlySpan<byte>(buffer, 0, n)); }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }
    public async Task AppendAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try { int n; while ((n = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0) Append(new ReadOnlySpan<byte>(buffer, 0, n)); }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }
    public byte[] GetCurrentHash() { var r = new byte[HashLengthInBytes]; GetCurrentHashCore(r); return r; }
    public int GetCurrentHash(Span<byte> destination) { if (destination.Length < HashLengthInBytes) throw new ArgumentException("destination too short", nameof(destination)); GetCurrentHashCore(destination[..HashLengthInBytes]); return HashLengthInBytes; }
    public bool TryGetCurrentHash(Span<byte> destination, out int bytesWritten) { if (destination.Length < HashLengthInBytes) { bytesWritten = 0; return false; } bytesWritten = GetCurrentHash(destination); return true; }
    public byte[] GetHashAndReset() { var r = new byte[HashLengthInBytes]; GetHashAndResetCore(r); return r; }
    public int GetHashAndReset(Span<byte> destination) { if (destination.Length < HashLengthInBytes) throw new ArgumentException("destination too short", nameof(destination)); GetHashAndResetCore(destination[..HashLengthInBytes]); return HashLengthInBytes; }
    public bool TryGetHashAndReset(Span<byte> destination, out int bytesWritten) { if (destination.Length < HashLengthInBytes) { bytesWritten = 0; return false; } bytesWritten = GetHashAndReset(destination); return true; }
#pragma warning disable CS0809
    [Obsolete("Use GetCurrentHash() to retrieve the computed hash code.", true)]
    public override int GetHashCode() => throw new NotSupportedException();
#pragma warning restore CS0809
}
