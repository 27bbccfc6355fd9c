using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace RPort.EndToEnd.Replay;

/// <summary>
/// The client's side of SSH as the recorded agents speak it, up to the log-in: their version line, their KEXINIT with all its lists, P-256, AES-128-GCM.
/// Nothing of <c>Ssh/</c> is in it, so that the two ends of these tests cannot be wrong in the same way.
/// </summary>
internal sealed class GoTransport(Stream stream) : IDisposable
{
    public const string ClientVersion = "SSH-rport-v1-client";

    private const byte KexInit = 20;
    private const byte NewKeys = 21;
    private const byte EcdhInit = 30;
    private const byte EcdhReply = 31;
    private const string HostKeys =
        "rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,ssh-rsa-cert-v01@openssh.com,ssh-dss-cert-v01@openssh.com,"
        + "ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
        + "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,rsa-sha2-512,ssh-rsa,ssh-dss,ssh-ed25519";

    private static readonly string[] Offer =
    [
        "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
            + "diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,ext-info-c",
        HostKeys,
        "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",
        "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha1-96",
        "none",
    ];

    // Which of the offers stands in which of KEXINIT's lists (RFC 4253 §7.1); the last two, of languages, are empty.
    private static readonly int[] Lists = [0, 1, 2, 2, 3, 3, 4, 4];

    private Gcm? _send;
    private Gcm? _receive;

    /// <summary>The gateway's version line, as the caller has read it.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>The lists of the gateway's KEXINIT.</summary>
    public string[][] ServerLists { get; private set; } = [];

    /// <summary>The host key as MD5, as these agents compare it.</summary>
    public string Fingerprint { get; private set; } = "";

    /// <summary>What the recorded client would choose of list <paramref name="list"/>: its own first name that the server has too.</summary>
    public string? Agreed(int list) => Offer[Lists[list]].Split(',').FirstOrDefault(ServerLists[list].Contains);

    public async Task ExchangeKeysAsync()
    {
        byte[] own = OwnKexInit();
        await WritePacketAsync(own);
        byte[] theirs = await ReadPacketAsync();
        Assert.Equal(KexInit, theirs[0]);
        ServerLists = ReadLists(theirs);

        using ECDiffieHellman key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECPoint q = key.ExportParameters(false).Q;
        byte[] point = [4, .. q.X!, .. q.Y!];
        await WritePacketAsync([EcdhInit, .. Bytes(point)]);
        byte[] reply = await ReadPacketAsync();
        Assert.Equal(EcdhReply, reply[0]);
        byte[][] parts = ReadStrings(reply.AsSpan(1), 3);
        (byte[] hostKey, byte[] serverPoint, byte[] signature) = (parts[0], parts[1], parts[2]);
        Fingerprint = string.Join(':', MD5.HashData(hostKey).Select(static b => $"{b:x2}"));

        using ECDiffieHellman peer = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = Point(serverPoint) });
        using ECDiffieHellmanPublicKey peerKey = peer.PublicKey;
        byte[] secret = Mpint(key.DeriveRawSecretAgreement(peerKey));
        byte[] hash = SHA256.HashData(
            [.. Text(ClientVersion), .. Text(ServerVersion), .. Bytes(own), .. Bytes(theirs), .. Bytes(hostKey), .. Bytes(point), .. Bytes(serverPoint), .. secret]);
        Assert.True(IsSigned(hash, hostKey, signature), "the host key's signature is wrong");

        await WritePacketAsync([NewKeys]);
        await ExpectAsync([NewKeys]);
        byte[] Derive(char letter, int length) => SHA256.HashData([.. secret, .. hash, (byte)letter, .. hash])[..length];
        _send = new Gcm(Derive('C', 16), Derive('A', 12));
        _receive = new Gcm(Derive('D', 16), Derive('B', 12));
    }

    public async Task WritePacketAsync(byte[] payload)
    {
        // RFC 4253 §6; with GCM the length is not part of what is padded (RFC 5647 §7.2).
        int block = _send is null ? 8 : 16;
        int padding = block - ((payload.Length + (_send is null ? 5 : 1)) % block);
        padding += padding < 4 ? block : 0;
        byte[] packet = [.. UInt32((uint)(1 + payload.Length + padding)), (byte)padding, .. payload, .. new byte[padding]];
        await stream.WriteAsync(_send is null ? packet : _send.Seal(packet));
    }

    public async Task<byte[]> ReadPacketAsync()
    {
        byte[] head = new byte[4];
        await stream.ReadExactlyAsync(head);
        byte[] body = new byte[BinaryPrimitives.ReadUInt32BigEndian(head) + (_receive is null ? 0 : Gcm.TagBytes)];
        await stream.ReadExactlyAsync(body);
        byte[] plain = _receive is null ? body : _receive.Open(head, body);
        return plain[1..^plain[0]];
    }

    /// <summary>The next packet must be this one.</summary>
    public async Task ExpectAsync(byte[] packet)
    {
        byte[] came = await ReadPacketAsync();
        Assert.Equal(packet, came);
    }

    public void Dispose()
    {
        _send?.Dispose();
        _receive?.Dispose();
    }

    public static byte[] Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    public static byte[] Bytes(byte[] value) => [.. UInt32((uint)value.Length), .. value];

    private static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Mpint(byte[] bigEndian) => Bytes(new BigInteger(bigEndian, isUnsigned: true, isBigEndian: true).ToByteArray(isBigEndian: true));

    private static byte[] OwnKexInit() =>
        [KexInit, .. RandomNumberGenerator.GetBytes(16), .. Lists.SelectMany(static list => Text(Offer[list])), .. Text(""), .. Text(""), 0, .. UInt32(0)];

    private static string[][] ReadLists(byte[] kexInit) =>
        [.. ReadStrings(kexInit.AsSpan(17), 10).Select(static list => Encoding.ASCII.GetString(list).Split(','))];

    private static byte[][] ReadStrings(ReadOnlySpan<byte> input, int count)
    {
        byte[][] strings = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(input);
            strings[i] = input.Slice(4, length).ToArray();
            input = input[(4 + length)..];
        }

        return strings;
    }

    private static ECPoint Point(byte[] uncompressed) => new() { X = uncompressed[1..33], Y = uncompressed[33..65] };

    private static bool IsSigned(byte[] hash, byte[] hostKey, byte[] signature)
    {
        byte[][] key = ReadStrings(hostKey, 3);
        byte[][] signed = ReadStrings(signature, 2);
        Assert.Equal("ecdsa-sha2-nistp256", Encoding.ASCII.GetString(key[0]));
        Assert.Equal("ecdsa-sha2-nistp256", Encoding.ASCII.GetString(signed[0]));
        byte[][] numbers = ReadStrings(signed[1], 2);
        byte[] Fixed(byte[] mpint) => [.. new byte[Math.Max(0, 32 - mpint.Length)], .. mpint[Math.Max(0, mpint.Length - 32)..]];
        using ECDsa verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = Point(key[2]) });
        byte[] both = [.. Fixed(numbers[0]), .. Fixed(numbers[1])];
        return verifier.VerifyData(hash, both, HashAlgorithmName.SHA256);
    }

    /// <summary>AES-128-GCM of one direction (RFC 5647): the length in the clear but authenticated, the invocation counter in the nonce's last eight bytes.</summary>
    private sealed class Gcm(byte[] key, byte[] nonce) : IDisposable
    {
        public const int TagBytes = 16;

        private readonly AesGcm _aes = new(key, TagBytes);

        public byte[] Seal(byte[] packet)
        {
            byte[] sealedPacket = new byte[packet.Length + TagBytes];
            packet.AsSpan(0, 4).CopyTo(sealedPacket);
            _aes.Encrypt(nonce, packet.AsSpan(4), sealedPacket.AsSpan(4, packet.Length - 4), sealedPacket.AsSpan(packet.Length), packet.AsSpan(0, 4));
            Count();
            return sealedPacket;
        }

        public byte[] Open(byte[] head, byte[] body)
        {
            byte[] plain = new byte[body.Length - TagBytes];
            _aes.Decrypt(nonce, body.AsSpan(0, plain.Length), body.AsSpan(plain.Length), plain, head);
            Count();
            return plain;
        }

        public void Dispose() => _aes.Dispose();

        private void Count() => BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), BinaryPrimitives.ReadUInt64BigEndian(nonce.AsSpan(4)) + 1);
    }
}
