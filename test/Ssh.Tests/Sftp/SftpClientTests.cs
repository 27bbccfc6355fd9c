using System.Buffers.Binary;
using RPort.Ssh.Sftp;
using RPort.Testing;

namespace RPort.Ssh.Tests.Sftp;

public sealed class SftpClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly byte[] _big = new byte[5_000_003];
    private readonly MemoryFiles _files;

    public SftpClientTests()
    {
        new Random(31).NextBytes(_big);
        _files = new MemoryFiles().With("/big", _big).With("/empty", []).With("/small", [1, 2, 3]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32768)]
    [InlineData(4_999_999)]
    [InlineData(5_000_003)]
    public async Task A_download_delivers_every_byte_in_order_from_any_offset(int offset)
    {
        await using Served served = await Served.StartAsync(_files);
        var sink = new MemoryStream();
        Assert.Equal(_big.Length - offset, await served.Client.DownloadAsync("/big", offset, Into(sink), CancellationToken.None).WaitAsync(Patience));
        Assert.True(_big.AsSpan(offset).SequenceEqual(sink.ToArray()));
    }

    [Theory]
    [InlineData("/empty", 0)]
    [InlineData("/small", 3)]
    public async Task Small_files_are_delivered(string path, long length)
    {
        await using Served served = await Served.StartAsync(_files);
        var sink = new MemoryStream();
        Assert.Equal(length, await served.Client.DownloadAsync(path, 0, Into(sink), CancellationToken.None).WaitAsync(Patience));
        Assert.Equal(length, sink.Length);
        Assert.Equal(length, await served.Client.DownloadAsync(path, 0, length, Into(sink), CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_server_that_answers_short_is_asked_for_the_rest_and_then_for_less()
    {
        await using Served served = await Served.StartAsync(_files, new SftpServerOptions { MaxReadBytes = 3000 });
        var sink = new MemoryStream();
        await served.Client.DownloadAsync("/big", 0, Into(sink), CancellationToken.None).WaitAsync(Patience);
        Assert.True(_big.AsSpan().SequenceEqual(sink.ToArray()));
        Assert.InRange(_files.Reads, _big.Length / 3000, (_big.Length / 3000) + 300);
    }

    [Fact]
    public async Task A_known_length_asks_nothing_behind_the_end()
    {
        await using Served served = await Served.StartAsync(_files);
        var sink = new MemoryStream();
        await served.Client.DownloadAsync("/big", 0, 100_000, Into(sink), CancellationToken.None).WaitAsync(Patience);
        Assert.True(_big.AsSpan(0, 100_000).SequenceEqual(sink.ToArray()));
        Assert.Equal(2, _files.Reads);
    }

    [Fact]
    public async Task A_file_shorter_than_expected_is_an_error()
    {
        await using Served served = await Served.StartAsync(_files);
        SftpException e = await Assert.ThrowsAsync<SftpException>(
            () => served.Client.DownloadAsync("/small", 0, 4, Into(new MemoryStream()), CancellationToken.None).WaitAsync(Patience));
        Assert.Equal(SftpStatus.EndOfFile, e.Status);
    }

    [Fact]
    public async Task A_refusal_carries_the_servers_code_and_leaves_the_session_usable()
    {
        await using Served served = await Served.StartAsync(_files);
        Assert.Equal(SftpStatus.NoSuchFile, (await Assert.ThrowsAsync<SftpException>(() => served.Client.StatAsync("/none", CancellationToken.None))).Status);
        Assert.Equal(SftpStatus.PermissionDenied, (await Assert.ThrowsAsync<SftpException>(() => served.Client.RemoveAsync("/big", CancellationToken.None))).Status);
        Assert.Equal(
            SftpStatus.PermissionDenied,
            (await Assert.ThrowsAsync<SftpException>(() => served.Client.UploadAsync("/new", new MemoryStream(_big), CancellationToken.None))).Status);
        Assert.Equal(3, (await served.Client.StatAsync("/small", CancellationToken.None)).Size);
        Assert.Equal("/", await served.Client.RealPathAsync(".", CancellationToken.None));
    }

    [Fact]
    public async Task A_sink_that_fails_ends_the_download_and_closes_the_file()
    {
        await using Served served = await Served.StartAsync(_files);
        await Assert.ThrowsAsync<InvalidDataException>(
            () => served.Client.DownloadAsync("/big", 0, _ => throw new InvalidDataException(), CancellationToken.None).WaitAsync(Patience));
        await served.Client.StatAsync("/small", CancellationToken.None).WaitAsync(Patience); // answered behind the CLOSE
        Assert.Equal(0, _files.Open);
    }

    [Fact]
    public async Task A_cancelled_download_leaves_the_session_usable()
    {
        await using Served served = await Served.StartAsync(_files);
        using var cancel = new CancellationTokenSource();
        long seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => served.Client.DownloadAsync(
            "/big",
            0,
            async bytes =>
            {
                seen += bytes.Length;
                await cancel.CancelAsync();
            },
            cancel.Token).WaitAsync(Patience));
        Assert.InRange(seen, 1, _big.Length - 1);
        Assert.Equal(3, (await served.Client.StatAsync("/small", CancellationToken.None).WaitAsync(Patience)).Size);
    }

    [Fact]
    public async Task Two_downloads_at_once_do_not_mix()
    {
        await using Served served = await Served.StartAsync(_files);
        MemoryStream first = new(), second = new();
        await Task.WhenAll(
            served.Client.DownloadAsync("/big", 0, Into(first), CancellationToken.None),
            served.Client.DownloadAsync("/big", 7, Into(second), CancellationToken.None)).WaitAsync(Patience);
        Assert.True(_big.AsSpan().SequenceEqual(first.ToArray()));
        Assert.True(_big.AsSpan(7).SequenceEqual(second.ToArray()));
    }

    [Fact]
    public async Task Many_reads_are_in_flight_and_answers_may_come_in_any_order()
    {
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions { BlockBytes = 32768, MaxInFlight = 8 });
        var sink = new MemoryStream();
        Task<long> download = server.Client.DownloadAsync("/f", 0, 8 * 32768, Into(sink), CancellationToken.None);
        await server.AnswerOpenAsync();
        List<(uint Id, ulong Offset)> reads = [];
        for (int i = 0; i < 8; i++)
        {
            reads.Add(await server.ReceiveReadAsync());
        }

        foreach ((uint id, ulong offset) in Enumerable.Reverse(reads))
        {
            await server.SendAsync(Packets.Data(id, _big.AsSpan((int)offset, 32768)));
        }

        await server.AnswerCloseAsync();
        Assert.Equal(8 * 32768, await download.WaitAsync(Patience));
        Assert.True(_big.AsSpan(0, 8 * 32768).SequenceEqual(sink.ToArray()));
    }

    [Fact]
    public async Task A_hole_in_the_file_is_an_error()
    {
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions { BlockBytes = 32768, MaxInFlight = 2 });
        Task<long> download = server.Client.DownloadAsync("/f", 0, 2 * 32768, Into(new MemoryStream()), CancellationToken.None);
        await server.AnswerOpenAsync();
        (uint first, _) = await server.ReceiveReadAsync();
        (uint second, _) = await server.ReceiveReadAsync();
        await server.SendAsync(Packets.Status(first, SftpStatus.EndOfFile));
        await server.SendAsync(Packets.Data(second, new byte[32768]));
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => download.WaitAsync(Patience));
        Assert.Equal(SftpStatus.Failure, e.Status);
    }

    public static TheoryData<string, byte[]> Lies => new()
    {
        { "an answer to nothing", Packets.Status(12345, SftpStatus.Ok) },
        { "more data than asked for", Packets.Data(2, new byte[32769]) },
        { "no data", Packets.Data(2, []) },
        { "a data length that is not the packet's", [0, 0, 0, 11, 103, 0, 0, 0, 2, 0, 0, 0, 1, 9, 9] },
        { "data too short for a length", [0, 0, 0, 7, 103, 0, 0, 0, 2, 0, 0] },
        { "no id", [0, 0, 0, 2, 101, 0, 0, 0, 0, 0] },
        { "a packet without end", [0xff, 0xff, 0xff, 0xff, 103, 0, 0, 0, 2] },
        { "an empty packet", [0, 0, 0, 0, 103, 0, 0, 0, 2] },
        { "an answer of the wrong kind", Packets.HandleAnswer(2) },
        { "a status without a code", [0, 0, 0, 5, 101, 0, 0, 0, 2] },
        { "success for a read", Packets.Status(2, SftpStatus.Ok) },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_server_that_breaks_the_protocol_fails_the_download(string lie, byte[] packet)
    {
        Assert.NotEmpty(lie);
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions { BlockBytes = 32768, MaxInFlight = 1 });
        Task<long> download = server.Client.DownloadAsync("/f", 0, 32768, Into(new MemoryStream()), CancellationToken.None);
        await server.AnswerOpenAsync();
        Assert.Equal(2u, (await server.ReceiveReadAsync()).Id);
        await server.SendAsync(packet);
        Assert.Equal(SftpStatus.BadMessage, (await Assert.ThrowsAsync<SftpException>(() => download.WaitAsync(Patience))).Status);
    }

    [Fact]
    public async Task A_server_that_goes_silent_fails_every_call_and_all_later_ones()
    {
        var clock = new ManualTime();
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions { TimeProvider = clock });
        Task<SftpAttributes> stat = server.Client.StatAsync("/f", CancellationToken.None);
        await server.ReceiveAsync();
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(SftpStatus.ConnectionLost, (await Assert.ThrowsAsync<SftpException>(() => stat.WaitAsync(Patience))).Status);
        Assert.Equal(
            SftpStatus.ConnectionLost,
            (await Assert.ThrowsAsync<SftpException>(() => server.Client.StatAsync("/f", CancellationToken.None).WaitAsync(Patience))).Status);
    }

    [Fact]
    public async Task A_session_with_nothing_outstanding_may_rest_for_as_long_as_it_likes()
    {
        var clock = new ManualTime();
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions { TimeProvider = clock });
        clock.Advance(TimeSpan.FromDays(1));
        Task<SftpAttributes> stat = server.Client.StatAsync("/f", CancellationToken.None);
        await server.ReceiveAsync();
        clock.Advance(TimeSpan.FromSeconds(59));
        await server.SendAsync(Packets.Attributes(1, new SftpAttributes { Size = 4 }));
        Assert.Equal(4, (await stat.WaitAsync(Patience)).Size);
    }

    [Fact]
    public async Task A_server_that_says_nothing_at_all_fails_the_opening()
    {
        var clock = new ManualTime();
        (DuplexEnd client, DuplexEnd server) = DuplexPair.Create();
        Task<SftpClient> opening = SftpClient.OpenAsync(client, new SftpClientOptions { TimeProvider = clock }, CancellationToken.None);
        await server.ReadExactlyAsync(new byte[Packets.Init.Length]);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(SftpStatus.ConnectionLost, (await Assert.ThrowsAsync<SftpException>(() => opening.WaitAsync(Patience))).Status);
    }

    [Fact]
    public async Task A_server_that_ends_the_session_fails_what_is_outstanding()
    {
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions());
        Task<SftpAttributes> stat = server.Client.StatAsync("/f", CancellationToken.None);
        await server.ReceiveAsync();
        server.End();
        Assert.Equal(SftpStatus.ConnectionLost, (await Assert.ThrowsAsync<SftpException>(() => stat.WaitAsync(Patience))).Status);
    }

    [Fact]
    public async Task An_upload_keeps_many_writes_in_flight_and_waits_for_each_answer()
    {
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions());
        Task<long> upload = server.Client.UploadAsync("/f", new MemoryStream(_big, 0, 200_000), CancellationToken.None);
        byte[] open = await server.AnswerOpenAsync();
        Assert.Equal(0x1au, BinaryPrimitives.ReadUInt32BigEndian(open.AsSpan(11))); // write, create, truncate
        byte[] received = new byte[200_000];
        List<uint> ids = [];
        for (int i = 0; i < 7; i++)
        {
            byte[] write = await server.ReceiveAsync();
            ids.Add(BinaryPrimitives.ReadUInt32BigEndian(write.AsSpan(1)));
            write[22..].CopyTo(received, (int)BinaryPrimitives.ReadUInt64BigEndian(write.AsSpan(10)));
        }

        Assert.False(upload.IsCompleted);
        foreach (uint id in ids)
        {
            await server.SendAsync(Packets.Status(id, SftpStatus.Ok));
        }

        await server.AnswerCloseAsync();
        Assert.Equal(200_000, await upload.WaitAsync(Patience));
        Assert.True(_big.AsSpan(0, 200_000).SequenceEqual(received));
    }

    [Fact]
    public async Task A_write_the_server_refuses_fails_the_upload()
    {
        await using var server = await ScriptedServer.StartAsync(new SftpClientOptions());
        Task<long> upload = server.Client.UploadAsync("/f", new MemoryStream([1, 2, 3]), CancellationToken.None);
        await server.AnswerOpenAsync();
        await server.ReceiveAsync();
        await server.SendAsync(Packets.Status(2, SftpStatus.Failure));
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => upload.WaitAsync(Patience));
        Assert.Equal((SftpStatus.Failure, "text of the server"), (e.Status, e.Message));
    }

    [Fact]
    public async Task Damaged_answers_end_every_download_in_order()
    {
        byte[][] answers =
        [
            Packets.Version, Packets.HandleAnswer(1), Packets.Data(2, new byte[300]), Packets.Data(3, new byte[100]), Packets.Status(4, SftpStatus.Ok),
        ];
        var options = new SftpClientOptions { BlockBytes = 512, MaxInFlight = 2 };
        var mutation = new Mutator(78, Packets.MeaningfulBytes);
        int whole = 0;
        for (int i = 0; i < 10_000; i++)
        {
            // The stream ends behind the damaged answer, so that a client that waits for more is told.
            byte[][] upTo = answers[..((i % answers.Length) + 1)];
            upTo[^1] = mutation.Mutate(upTo[^1]);
            try
            {
                await using SftpClient client = await SftpClient.OpenAsync(new AnsweringStream(upTo), options, CancellationToken.None).WaitAsync(Patience);
                whole += await client.DownloadAsync("/f", 0, 400, Into(new MemoryStream()), CancellationToken.None).WaitAsync(Patience) == 400 ? 1 : 0;
            }
            catch (SftpException)
            {
                // an orderly end
            }
        }

        Assert.InRange(whole, 1, 9_999);
    }

    private static Func<ReadOnlyMemory<byte>, ValueTask> Into(MemoryStream sink) => bytes =>
    {
        sink.Write(bytes.Span);
        return default;
    };

    /// <summary>Our client on our server.</summary>
    private sealed class Served : IAsyncDisposable
    {
        private readonly DuplexEnd _clientEnd;
        private readonly Task _serving;

        private Served(SftpClient client, DuplexEnd clientEnd, Task serving)
        {
            Client = client;
            _clientEnd = clientEnd;
            _serving = serving;
        }

        public SftpClient Client { get; }

        public static async Task<Served> StartAsync(ISftpFileSource files, SftpServerOptions? options = null)
        {
            (DuplexEnd client, DuplexEnd server) = DuplexPair.Create();
            Task serving = new SftpServer(files, options ?? new SftpServerOptions()).ServeAsync(server, CancellationToken.None);
            return new Served(await SftpClient.OpenAsync(client, new SftpClientOptions(), CancellationToken.None), client, serving);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            _clientEnd.End();
            await _serving.WaitAsync(Patience);
        }
    }

    /// <summary>Our client on a server the test plays itself.</summary>
    private sealed class ScriptedServer : IAsyncDisposable
    {
        private readonly DuplexEnd _stream;

        private ScriptedServer(SftpClient client, DuplexEnd stream)
        {
            Client = client;
            _stream = stream;
        }

        public SftpClient Client { get; }

        public static async Task<ScriptedServer> StartAsync(SftpClientOptions options)
        {
            (DuplexEnd client, DuplexEnd server) = DuplexPair.Create();
            await server.WriteAsync(Packets.Version);
            var started = new ScriptedServer(await SftpClient.OpenAsync(client, options, CancellationToken.None), server);
            Assert.Equal((byte)SftpPacketType.Init, (await started.ReceiveAsync())[0]);
            return started;
        }

        public async Task<byte[]> ReceiveAsync()
        {
            byte[] length = new byte[4];
            await _stream.ReadExactlyAsync(length).AsTask().WaitAsync(Patience);
            byte[] packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await _stream.ReadExactlyAsync(packet).AsTask().WaitAsync(Patience);
            return packet;
        }

        public async Task<(uint Id, ulong Offset)> ReceiveReadAsync()
        {
            byte[] read = await ReceiveAsync();
            Assert.Equal((byte)SftpPacketType.Read, read[0]);
            return (BinaryPrimitives.ReadUInt32BigEndian(read.AsSpan(1)), BinaryPrimitives.ReadUInt64BigEndian(read.AsSpan(10)));
        }

        public Task SendAsync(byte[] packet) => _stream.WriteAsync(packet).AsTask();

        public async Task<byte[]> AnswerOpenAsync()
        {
            byte[] open = await ReceiveAsync();
            Assert.Equal((byte)SftpPacketType.Open, open[0]);
            await SendAsync(Packets.HandleAnswer(BinaryPrimitives.ReadUInt32BigEndian(open.AsSpan(1))));
            return open;
        }

        public async Task AnswerCloseAsync()
        {
            byte[] close = await ReceiveAsync();
            Assert.Equal((byte)SftpPacketType.Close, close[0]);
            await SendAsync(Packets.Status(BinaryPrimitives.ReadUInt32BigEndian(close.AsSpan(1)), SftpStatus.Ok));
        }

        public void End() => _stream.End();

        public async ValueTask DisposeAsync()
        {
            End();
            await Client.DisposeAsync();
        }
    }
}
