using System.Text;
using RPort.Ssh.Algorithms;
using RPort.Ssh.Authentication;
using RPort.Ssh.Connection;
using RPort.Ssh.KeyExchange;
using RPort.Ssh.Transport;
using RPort.Ssh.Wire;
using RPort.Testing;

namespace RPort.Ssh.Tests;

/// <summary>Every parser of wire input: whole, cut at every byte, a byte at a time, and mutated a hundred thousand times.</summary>
public sealed class ParserTests
{
    private const int MutationsPerParser = 100_000;

    /// <summary>A good message without its number, and its parser.</summary>
    private static readonly Dictionary<string, (byte[] Sample, Func<byte[], bool> Parse)> Parsers = new()
    {
        ["KEXINIT"] = (
            KexInit.Create([.. SshAlgorithms.KeyExchanges], [.. SshAlgorithms.HostKeys], [.. SshAlgorithms.Ciphers], [.. SshAlgorithms.Macs]).Message,
            static bytes => KexInit.TryRead(bytes, out _)),
        ["KEX_ECDH_INIT"] = (new EcdhInitMessage(new byte[65]).Encode()[1..], static bytes => EcdhInitMessage.TryRead(bytes, out _)),
        ["KEX_ECDH_REPLY"] = (
            new EcdhReplyMessage(new byte[104], new byte[65], new byte[100]).Encode()[1..], static bytes => EcdhReplyMessage.TryRead(bytes, out _)),
        ["EXT_INFO"] = (ExtInfoMessage.Encode()[1..], static bytes => ExtInfoMessage.IsWellFormed(bytes)),
        ["DISCONNECT"] = (
            new DisconnectMessage(SshDisconnectReason.ByApplication, "bye").Encode()[1..^4], static bytes => DisconnectMessage.TryRead(bytes, out _)),
        ["SERVICE"] = (
            ServiceMessage.Encode(MessageNumber.ServiceRequest, "ssh-userauth")[1..], static bytes => ServiceMessage.TryRead(bytes, out _)),
        ["USERAUTH_REQUEST"] = (
            UserAuthRequestMessage.EncodePassword("user", "pass word")[1..], static bytes => UserAuthRequestMessage.TryRead(bytes, out _)),
        ["USERAUTH_FAILURE"] = (
            UserAuthFailureMessage.Encode("password,publickey")[1..], static bytes => UserAuthFailureMessage.TryRead(bytes, out _)),
        ["GLOBAL_REQUEST"] = (
            RequestMessage.EncodeGlobal("keepalive@openssh.com", true, default)[1..], static bytes => RequestMessage.TryRead(bytes, out _)),
        ["CHANNEL_OPEN"] = (
            ChannelOpenMessage.Encode("session", 1, 2, 3, default)[1..], static bytes => ChannelOpenMessage.TryRead(bytes, out _)),
        ["CHANNEL_OPEN_CONFIRMATION"] = (
            new ChannelOpenConfirmationMessage(1, 2, 3, 4).Encode()[1..], static bytes => ChannelOpenConfirmationMessage.TryRead(bytes, out _)),
        ["CHANNEL_OPEN_FAILURE"] = (
            new ChannelOpenFailureMessage(1, SshChannelOpenFailure.ConnectFailed, "no").Encode()[1..],
            static bytes => ChannelOpenFailureMessage.TryRead(bytes, out _)),
        ["host key and signature"] = (
            HostKeySample(), static bytes => HostKeyProof.Verify(SshAlgorithms.EcdsaSha2NistP256, bytes[..Math.Min(bytes.Length, 104)], bytes[Math.Min(bytes.Length, 104)..], new byte[32])),
        ["version line"] = ("hello\r\nSSH-2.0-x y\r\n"u8.ToArray(), static bytes => VersionLine.TryRead(bytes, out _, out _)),
    };

    public static TheoryData<string> Names => [.. Parsers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_whole_message_is_read_and_one_cut_short_is_not(string name)
    {
        (byte[] sample, Func<byte[], bool> parse) = Parsers[name];
        Assert.True(parse(sample));
        for (int length = 0; length < sample.Length; length++)
        {
            Assert.False(parse(sample[..length]), $"{name} cut to {length} of {sample.Length} bytes was accepted");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_mutated_message_is_read_or_refused_and_never_throws_anything_else(string name)
    {
        (byte[] sample, Func<byte[], bool> parse) = Parsers[name];
        int seed = name.Length * 7919;
        Mutator mutator = new(seed);
        int count = name.StartsWith("host", StringComparison.Ordinal) ? MutationsPerParser / 10 : MutationsPerParser; // each is a signature check
        for (int i = 0; i < count; i++)
        {
            byte[] input = mutator.Mutate(sample);
            try
            {
                parse(input);
            }
            catch (SshProtocolException)
            {
                // The one kind that a parser may throw.
            }
            catch (Exception e)
            {
                Assert.Fail($"{name}, seed {seed}, input {i} ({Convert.ToHexString(input)}): {e}");
            }
        }
    }

    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm, null)]
    [InlineData(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256Etm)]
    [InlineData(SshAlgorithms.Aes192Ctr, SshAlgorithms.HmacSha512)]
    [InlineData(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha256)]
    [InlineData("none", null)]
    public async Task Packets_are_the_same_whole_cut_anywhere_and_a_byte_at_a_time(string cipher, string? mac)
    {
        byte[][] payloads = [[1], [2, 3], new byte[40], [.. Enumerable.Range(0, 100).Select(static i => (byte)i)]];
        byte[] wire = Seal(Protect(cipher, mac), payloads);
        await CheckAsync([wire]);
        await CheckAsync([.. wire.Select(static b => new[] { b })]);
        for (int cut = 1; cut < wire.Length; cut++)
        {
            await CheckAsync([wire[..cut], wire[cut..]]);
        }

        async Task CheckAsync(byte[][] chunks)
        {
            using PacketReceiver receiver = new(new ChunkStream(chunks), 65536, TimeProvider.System);
            receiver.Use(Protect(cipher, mac), restartSequence: true);
            foreach (byte[] payload in payloads)
            {
                ReadOnlyMemory<byte> read;
                while (!receiver.TryTake(out read))
                {
                    Assert.True(await receiver.FillAsync(default));
                }

                Assert.Equal(payload, read.ToArray());
            }

            Assert.False(await receiver.FillAsync(default));
        }
    }

    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm, null)]
    [InlineData(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256Etm)]
    [InlineData(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha256)]
    public async Task No_single_changed_bit_of_a_protected_packet_is_accepted(string cipher, string? mac)
    {
        byte[] wire = Seal(Protect(cipher, mac), [[5, 6, 7, 8]]);
        for (int bit = 0; bit < wire.Length * 8; bit++)
        {
            byte[] changed = [.. wire, .. new byte[4096]]; // a longer length finds bytes to check
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            using PacketReceiver receiver = new(new ChunkStream([changed]), 2048, TimeProvider.System);
            receiver.Use(Protect(cipher, mac), restartSequence: true);
            Assert.True(await receiver.FillAsync(default));
            Assert.Throws<SshProtocolException>(() => receiver.TryTake(out _));
        }
    }

    [Fact]
    public void AES_counter_mode_matches_the_vectors_of_SP_800_38A()
    {
        byte[] key = Convert.FromHexString("2B7E151628AED2A6ABF7158809CF4F3C");
        byte[] counter = Convert.FromHexString("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
        byte[] text = Convert.FromHexString("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51");
        using AesCounter aes = new(key, counter);
        aes.Apply(text);
        Assert.Equal("874D6191B620E3261BEF6864990DB6CE9806F66B7970FDFF8617187BB9FFFDFF", Convert.ToHexString(text));
    }

    [Fact]
    public void The_counter_carries_over_all_128_bits_and_chunks_of_any_size_agree()
    {
        byte[] key = new byte[32];
        byte[] counter = [.. Enumerable.Repeat((byte)0xff, 16)];
        byte[] whole = new byte[40_000];
        byte[] parts = new byte[40_000];
        using (AesCounter aes = new(key, counter))
        {
            aes.Apply(whole);
        }

        using (AesCounter aes = new(key, counter))
        {
            for (int start = 0; start < parts.Length; start += 160)
            {
                aes.Apply(parts.AsSpan(start, 160));
            }
        }

        Assert.Equal(whole, parts);
        using System.Security.Cryptography.Aes reference = System.Security.Cryptography.Aes.Create();
        reference.Key = key;
        Assert.Equal(reference.EncryptEcb(counter, System.Security.Cryptography.PaddingMode.None), whole[..16]);
        Assert.Equal(reference.EncryptEcb(new byte[16], System.Security.Cryptography.PaddingMode.None), whole[16..32]);
    }

    [Theory]
    [InlineData("00", "")]
    [InlineData("0000", "")]
    [InlineData("09A378F9B2E332A7", "09A378F9B2E332A7")]
    [InlineData("0080", "0080")]
    [InlineData("80", "0080")]
    public void Mpints_are_written_as_RFC_4251_says(string value, string expected)
    {
        using SshWriter writer = new(stackalloc byte[64]);
        writer.WriteMpint(Convert.FromHexString(value));
        Assert.Equal(expected, Convert.ToHexString(writer.Written[4..]));
        SshReader reader = new(writer.Written);
        Assert.True(reader.TryReadMpint(16, out ReadOnlySpan<byte> read));
        Assert.Equal(Convert.ToHexString(Convert.FromHexString(value).AsSpan().TrimStart((byte)0)), Convert.ToHexString(read));
    }

    [Fact]
    public void Negative_mpints_bad_names_and_bad_UTF8_are_refused()
    {
        Assert.False(new SshReader([0, 0, 0, 1, 0x80]).TryReadMpint(8, out _));
        Assert.False(new SshReader([0, 0, 0, 2, (byte)'a', (byte)',']).TryReadNameList(100, 10, out _));
        Assert.False(new SshReader([0, 0, 0, 3, (byte)'a', (byte)' ', (byte)'b']).TryReadNameList(100, 10, out _));
        Assert.False(new SshReader([0, 0, 0, 1, 0xff]).TryReadText(100, out _));
        Assert.False(new SshReader([0xff, 0xff, 0xff, 0xff, 1]).TryReadString(int.MaxValue, out _));
        Assert.True(new SshReader([0, 0, 0, 0]).TryReadNameList(100, 10, out string[] none));
        Assert.Empty(none);
    }

    private static PacketProtection Protect(string cipher, string? mac)
    {
        if (cipher == "none")
        {
            return new PlainProtection();
        }

        CipherSuite suite = new(cipher, mac);
        byte[] key = [.. Enumerable.Range(1, suite.KeyBytes).Select(static i => (byte)i)];
        return suite.Protect(key, new byte[suite.InitialVectorBytes], new byte[suite.MacKeyBytes]);
    }

    private static byte[] Seal(PacketProtection protection, byte[][] payloads)
    {
        using (protection)
        {
            List<byte> wire = [];
            for (int i = 0; i < payloads.Length; i++)
            {
                byte[] packet = new byte[protection.PacketBytes(payloads[i].Length)];
                payloads[i].CopyTo(packet, 5);
                protection.SealPayload(packet, payloads[i].Length, (uint)i);
                wire.AddRange(packet);
            }

            return [.. wire];
        }
    }

    private static byte[] HostKeySample()
    {
        using SshHostKey key = SshHostKey.GenerateEcdsa();
        return [.. key.Fingerprint.Blob, .. key.Sign(SshAlgorithms.EcdsaSha2NistP256, new byte[32])];
    }

    /// <summary>Gives one chunk per read.</summary>
    private sealed class ChunkStream(byte[][] chunks) : MemoryStream
    {
        private int _next;
        private int _offset;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty || _next == chunks.Length)
            {
                return new ValueTask<int>(0);
            }

            byte[] chunk = chunks[_next];
            int count = Math.Min(buffer.Length, chunk.Length - _offset);
            chunk.AsMemory(_offset, count).CopyTo(buffer);
            _offset += count;
            if (_offset == chunk.Length)
            {
                _next++;
                _offset = 0;
            }

            return new ValueTask<int>(count);
        }
    }
}
