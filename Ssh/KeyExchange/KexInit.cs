using System.Security.Cryptography;
using RPort.Ssh.Wire;

namespace RPort.Ssh.KeyExchange;

/// <summary>KEXINIT (RFC 4253 §7.1), and the whole message as it enters the exchange hash.</summary>
internal sealed class KexInit
{
    private const int CookieBytes = 16;
    private const int MaxListBytes = 8192;
    private const int MaxNames = 256;

    public required byte[] Message { get; init; }

    public required string[] KeyExchanges { get; init; }

    public required string[] HostKeys { get; init; }

    public required string[] CiphersToServer { get; init; }

    public required string[] CiphersToClient { get; init; }

    public required string[] MacsToServer { get; init; }

    public required string[] MacsToClient { get; init; }

    public required string[] CompressionsToServer { get; init; }

    public required string[] CompressionsToClient { get; init; }

    /// <summary>A guessed key exchange packet follows (§7).</summary>
    public bool FirstPacketFollows { get; init; }

    public static KexInit Create(string[] keyExchanges, string[] hostKeys, string[] ciphers, string[] macs, bool firstPacketFollows = false)
    {
        string[] compressions = ["none"];
        using SshWriter writer = new(stackalloc byte[1024]);
        writer.WriteByte((byte)MessageNumber.KexInit);
        writer.WriteRaw(RandomNumberGenerator.GetBytes(CookieBytes));
        foreach (string[] list in (string[][])[keyExchanges, hostKeys, ciphers, ciphers, macs, macs, compressions, compressions, [], []])
        {
            writer.WriteNameList(list);
        }

        writer.WriteBoolean(firstPacketFollows);
        writer.WriteUInt32(0);
        return new KexInit
        {
            Message = writer.Written.ToArray(),
            KeyExchanges = keyExchanges,
            HostKeys = hostKeys,
            CiphersToServer = ciphers,
            CiphersToClient = ciphers,
            MacsToServer = macs,
            MacsToClient = macs,
            CompressionsToServer = compressions,
            CompressionsToClient = compressions,
        };
    }

    public static bool TryRead(ReadOnlySpan<byte> message, out KexInit? init)
    {
        init = null;
        SshReader reader = new(message);
        if (!reader.TryReadRaw(1 + CookieBytes, out _))
        {
            return false;
        }

        string[][] lists = new string[10][];
        for (int i = 0; i < lists.Length; i++)
        {
            if (!reader.TryReadNameList(MaxListBytes, MaxNames, out lists[i]))
            {
                return false;
            }
        }

        if (!reader.TryReadBoolean(out bool follows) || !reader.TryReadUInt32(out _))
        {
            return false;
        }

        init = new KexInit
        {
            Message = message.ToArray(),
            KeyExchanges = lists[0],
            HostKeys = lists[1],
            CiphersToServer = lists[2],
            CiphersToClient = lists[3],
            MacsToServer = lists[4],
            MacsToClient = lists[5],
            CompressionsToServer = lists[6],
            CompressionsToClient = lists[7],
            FirstPacketFollows = follows,
        };
        return true;
    }
}
