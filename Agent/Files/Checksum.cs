using System.Security.Cryptography;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>The running checksum of one content against the one in the order: SHA-256 where the order has it, MD5 (all that RPort's servers send) otherwise.</summary>
internal sealed class Checksum : IDisposable
{
    private readonly IncrementalHash _hash;
    private readonly byte[] _expected;
    private readonly string _name;

    private Checksum(string name, HashAlgorithmName algorithm, byte[] expected)
    {
        _name = name;
        _expected = expected;
        _hash = IncrementalHash.CreateHash(algorithm);
    }

    /// <summary>What is wrong with the order's checksums; null where nothing is.</summary>
    public static string? Problem(UploadOrder order)
    {
        if (order.Sha256Checksum is { Length: > 0 } sha256) { return Decode(sha256, SHA256.HashSizeInBytes) is null ? "the SHA-256 checksum is not one" : null; }
        return Decode(order.Md5Checksum, MD5.HashSizeInBytes) is null ? "the MD5 checksum is not one" : null;
    }

    /// <summary>A fresh one for an order without <see cref="Problem"/>.</summary>
    public static Checksum For(UploadOrder order) => order.Sha256Checksum is { Length: > 0 } sha256
        ? new Checksum("sha256", HashAlgorithmName.SHA256, Decode(sha256, SHA256.HashSizeInBytes)!)
        : new Checksum("md5", HashAlgorithmName.MD5, Decode(order.Md5Checksum, MD5.HashSizeInBytes)!);

    public void Append(ReadOnlySpan<byte> content) => _hash.AppendData(content);

    /// <summary>True where all that was appended is the expected content. Starts anew.</summary>
    public bool Matches() => _hash.GetHashAndReset().AsSpan().SequenceEqual(_expected);

    /// <summary>Forgets what was appended.</summary>
    public void Restart() => _ = _hash.GetHashAndReset();

    /// <summary>RPort's text for content that is not the expected one.</summary>
    public string MismatchText => $"{_name} check failed: checksum from server {Convert.ToHexStringLower(_expected)} doesn't equal the calculated checksum";

    public void Dispose() => _hash.Dispose();

    private static byte[]? Decode(string base64, int length)
    {
        byte[] bytes = new byte[length + 2]; // room to notice a longer one
        return Convert.TryFromBase64String(base64, bytes, out int written) && written == length ? bytes[..length] : null;
    }
}
