using RPort.Ssh.Sftp;
using RPort.Testing;
using Xunit.Abstractions;

namespace RPort.Ssh.Tests.Sftp;

public sealed class SftpParserTests(ITestOutputHelper output)
{
    private const int Inputs = 100_000;

    private static readonly byte[][] Requests =
    [
        Packets.Open(1, "/payloads/ünïcode"), Packets.Read(2, 7, 1 << 20, 32768), Packets.WithHandle(SftpPacketType.Close, 3, 7),
        Packets.WithHandle(SftpPacketType.FStat, 4, 7), Packets.WithPath(SftpPacketType.Stat, 5, "/a"), Packets.WithPath(SftpPacketType.RealPath, 6, "."),
        Packets.WithPath(SftpPacketType.Extended, 8, "limits@openssh.com"), Packets.WithPath(SftpPacketType.Remove, 9, "/a"),
    ];

    private static readonly SftpAttributes FullAttributes = new()
    {
        Size = 5L << 40,
        UserId = 1000,
        GroupId = 100,
        Permissions = SftpAttributes.RegularFile | 0x1ff,
        Accessed = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
        Modified = DateTimeOffset.FromUnixTimeSeconds(uint.MaxValue),
    };

    [Fact]
    public void Attributes_survive_writing_and_reading()
    {
        byte[] packet = Packets.Attributes(1, FullAttributes);
        var reader = new SftpReader(packet.AsSpan(SftpWire.HeaderBytes));
        Assert.True(reader.TryReadAttributes(out SftpAttributes read));
        Assert.Equal(FullAttributes, read);
        Assert.Equal(0, reader.Remaining);
    }

    [Fact]
    public void Extended_attributes_are_skipped()
    {
        byte[] packet = Packets.Make(writer =>
        {
            writer.Begin(SftpPacketType.Attributes, 1);
            writer.UInt32(0x8000_0001);
            writer.UInt64(77);
            writer.UInt32(2);
            writer.String("a@b");
            writer.String("1");
            writer.String("c@d");
            writer.String("");
        });
        var reader = new SftpReader(packet.AsSpan(SftpWire.HeaderBytes));
        Assert.True(reader.TryReadAttributes(out SftpAttributes read));
        Assert.Equal(new SftpAttributes { Size = 77 }, read);
        Assert.Equal(0, reader.Remaining);
    }

    [Fact]
    public void Attributes_cut_at_any_byte_are_refused()
    {
        byte[] whole = Packets.Attributes(1, FullAttributes)[SftpWire.HeaderBytes..];
        for (int length = 0; length < whole.Length; length++)
        {
            var reader = new SftpReader(whole.AsSpan(0, length));
            Assert.False(reader.TryReadAttributes(out _));
        }
    }

    [Fact]
    public void Requests_are_understood()
    {
        Assert.True(SftpRequest.TryParse(Packets.Open(9, "/x", SftpOpenFlags.Read | SftpOpenFlags.Write).AsSpan(4), out SftpRequest open));
        Assert.Equal((SftpPacketType.Open, 9u, "/x", SftpOpenFlags.Read | SftpOpenFlags.Write, false), (open.Type, open.Id, open.Name, open.Flags, open.IsMalformed));
        Assert.True(SftpRequest.TryParse(Packets.Read(10, 3, ulong.MaxValue, uint.MaxValue).AsSpan(4), out SftpRequest read));
        Assert.Equal((SftpPacketType.Read, 10u, 3u, ulong.MaxValue, uint.MaxValue), (read.Type, read.Id, read.Handle, read.Offset, read.Count));
    }

    [Fact]
    public void A_handle_of_another_length_is_no_handle()
    {
        byte[] packet = Packets.WithPath(SftpPacketType.Close, 1, "12345");
        Assert.True(SftpRequest.TryParse(packet.AsSpan(4), out SftpRequest request));
        Assert.Equal((0u, false), (request.Handle, request.IsMalformed));
    }

    [Fact]
    public void A_name_that_is_no_text_or_holds_a_zero_is_malformed()
    {
        foreach (byte[] name in new byte[][] { [0xff, 0xfe], [(byte)'a', 0, (byte)'b'] })
        {
            byte[] packet = Packets.Make(writer =>
            {
                writer.Begin(SftpPacketType.Stat, 5);
                writer.String(name);
            });
            Assert.True(SftpRequest.TryParse(packet.AsSpan(4), out SftpRequest request));
            Assert.True(request.IsMalformed);
            Assert.Equal(5u, request.Id);
        }
    }

    [Fact]
    public void Requests_cut_at_any_byte_are_malformed_or_have_no_id()
    {
        foreach (byte[] packet in Requests[..7])
        {
            byte[] body = packet[4..];
            Assert.True(SftpRequest.TryParse(body, out SftpRequest whole) && !whole.IsMalformed);
            for (int length = 0; length < body.Length; length++)
            {
                Assert.Equal(length >= 5, SftpRequest.TryParse(body.AsSpan(0, length), out SftpRequest request));
                Assert.Equal(length >= 5, request.IsMalformed);
            }
        }
    }

    [Fact]
    public void Damaged_requests_never_throw()
    {
        Mutator mutation = Seeded(1);
        int understood = 0;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] damaged = mutation.Mutate(Requests[i % Requests.Length][4..]);
            if (SftpRequest.TryParse(damaged, out SftpRequest request) && !request.IsMalformed)
            {
                understood++;
                Assert.True(request.Name.Length <= damaged.Length && !request.Name.Contains('\0'));
            }
        }

        Assert.InRange(understood, 1, Inputs - 1);
    }

    [Fact]
    public void Damaged_attributes_never_throw()
    {
        Mutator mutation = Seeded(2);
        byte[] whole = Packets.Attributes(1, FullAttributes)[SftpWire.HeaderBytes..];
        int understood = 0;
        for (int i = 0; i < Inputs; i++)
        {
            var reader = new SftpReader(mutation.Mutate(whole));
            if (reader.TryReadAttributes(out SftpAttributes read))
            {
                understood++;
                Assert.True(read.Size is null or >= 0);
            }
        }

        Assert.InRange(understood, 1, Inputs - 1);
    }

    [Fact]
    public void Damaged_answers_end_in_an_SftpException_or_a_value()
    {
        Mutator mutation = Seeded(3);
        byte[][] answers = [Packets.Status(1, SftpStatus.Failure), Packets.HandleAnswer(1), Packets.Attributes(1, FullAttributes), RealPathAnswer()];
        int refused = 0;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] damaged = mutation.Mutate(answers[i % answers.Length][4..]);
            refused += ReadAll(damaged) ? 0 : 1;
        }

        Assert.InRange(refused, 1, Inputs - 1);
    }

    [Fact]
    public async Task Damaged_framing_ends_in_an_SftpException_or_at_the_end()
    {
        Mutator mutation = Seeded(4);
        byte[] stream = [.. Requests.SelectMany(packet => packet)];
        int refused = 0;
        for (int i = 0; i < Inputs; i++)
        {
            using var input = new SftpInput(ScriptedStream.Whole(mutation.Mutate(stream)), maxPacketBytes: 100);
            try
            {
                while (await input.ReadPacketAsync(CancellationToken.None) is { } packet)
                {
                    Assert.InRange(packet.Length, 1, 100);
                }
            }
            catch (SftpException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, Inputs - 1);
    }

    private static byte[] RealPathAnswer() => Packets.Make(writer =>
    {
        writer.Begin(SftpPacketType.Name, 1);
        writer.UInt32(1);
        writer.String("/");
        writer.String("/");
        writer.UInt32(0);
    });

    private static bool ReadAll(byte[] packet)
    {
        if (packet.Length < 5)
        {
            return false;
        }

        byte[] body = [.. packet[5..]];
        var answer = new SftpAnswer((SftpPacketType)packet[0], body, body.Length);
        Assert.NotNull(answer.Unexpected().Message);
        try
        {
            switch (answer.Type)
            {
                case SftpPacketType.Handle:
                    Assert.InRange(answer.ReadHandle().Length, 1, 256);
                    break;
                case SftpPacketType.Attributes:
                    answer.ReadAttributes();
                    break;
                case SftpPacketType.Name:
                    answer.ReadName();
                    break;
                default:
                    answer.ThrowUnlessOk();
                    break;
            }

            return true;
        }
        catch (SftpException)
        {
            return false;
        }
    }

    private Mutator Seeded(int number)
    {
        int seed = (int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), out int given) ? given : 20_240) + number;
        output.WriteLine($"FUZZ_SEED={seed - number}");
        return new Mutator(seed, Packets.MeaningfulBytes);
    }
}
