using System.Buffers.Binary;
using RPort.Ssh.Sftp;
using RPort.Testing;

namespace RPort.Ssh.Tests.Sftp;

public sealed class SftpServerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTime _clock = new();
    private readonly MemoryFiles _files = new MemoryFiles { Broken = ("/broken", new IOException("secret detail")) }
        .With("/small", "file pushed by the real rportd\n"u8.ToArray())
        .With("/big", Noise(1_000_000));

    private DuplexEnd _client = null!;
    private Task _serving = null!;

    public Task InitializeAsync()
    {
        Start(new SftpServerOptions { TimeProvider = _clock });
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _client.End();
        await _serving.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.Equal(0, _files.Open);
    }

    [Fact]
    public async Task A_whole_conversation_of_an_existing_agent_is_answered_byte_for_byte()
    {
        await SendAsync(Convert.FromHexString("000000050100000003"));
        byte[] version = await ReceiveAsync();
        Assert.Equal(2, version[0]);
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32BigEndian(version.AsSpan(1)));
        await SendAsync(Packets.Open(1, "/small"));
        byte[] handle = (await ReceiveAsync())[5..];
        Assert.Equal(8, handle.Length);
        await SendAsync(Framed("0500000002" + Convert.ToHexString(handle) + "000000000000000000008000"));
        byte[] data = await ReceiveAsync();
        Assert.Equal("67000000020000001F", Convert.ToHexString(data[..9]));
        Assert.Equal("file pushed by the real rportd\n"u8.ToArray(), data[9..]);
        await SendAsync(Framed("0500000003" + Convert.ToHexString(handle) + "000000000000001F00007FE1"));
        Assert.Equal("650000000300000001", Convert.ToHexString((await ReceiveAsync())[..9]));
        await SendAsync(Framed("0400000004" + Convert.ToHexString(handle)));
        Assert.Equal("650000000400000000", Convert.ToHexString((await ReceiveAsync())[..9]));
        _client.End();
        await _serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task The_session_ends_at_the_clients_EOF_with_files_still_open()
    {
        await OpenAsync("/small");
        Assert.Equal(1, _files.Open);
        _client.End();
        await _serving.WaitAsync(Patience);
        Assert.Equal(0, _files.Open);
    }

    [Theory]
    [InlineData(SftpOpenFlags.Write)]
    [InlineData(SftpOpenFlags.Read | SftpOpenFlags.Write)]
    [InlineData(SftpOpenFlags.Read | SftpOpenFlags.Append)]
    [InlineData(SftpOpenFlags.Read | SftpOpenFlags.Create)]
    [InlineData(SftpOpenFlags.Read | SftpOpenFlags.Truncate)]
    [InlineData(SftpOpenFlags.Read | (SftpOpenFlags)0x4000_0000)]
    [InlineData(SftpOpenFlags.None)]
    public async Task Opening_for_anything_but_reading_is_denied(SftpOpenFlags flags)
    {
        await BeginAsync();
        await SendAsync(Packets.Open(1, "/small", flags));
        await AssertStatusAsync(1, SftpStatus.PermissionDenied);
        Assert.Equal(0, _files.Open);
    }

    [Theory]
    [InlineData((int)SftpPacketType.Write, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.SetStat, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.FSetStat, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.Remove, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.MakeDirectory, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.RemoveDirectory, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.Rename, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.SymbolicLink, SftpStatus.PermissionDenied)]
    [InlineData((int)SftpPacketType.OpenDirectory, SftpStatus.OperationUnsupported)]
    [InlineData((int)SftpPacketType.ReadDirectory, SftpStatus.OperationUnsupported)]
    [InlineData((int)SftpPacketType.ReadLink, SftpStatus.OperationUnsupported)]
    [InlineData((int)SftpPacketType.Extended, SftpStatus.OperationUnsupported)]
    [InlineData(77, SftpStatus.OperationUnsupported)]
    [InlineData((int)SftpPacketType.Data, SftpStatus.OperationUnsupported)]
    public async Task What_is_not_served_is_refused_and_the_session_goes_on(int type, SftpStatus status)
    {
        await BeginAsync();
        await SendAsync(Packets.WithPath((SftpPacketType)type, 8, "/small"));
        await AssertStatusAsync(8, status);
        await SendAsync(Packets.WithPath(SftpPacketType.Stat, 9, "/small"));
        Assert.Equal(SftpPacketType.Attributes, (SftpPacketType)(await ReceiveAsync())[0]);
    }

    [Fact]
    public async Task Paths_that_do_not_exist_and_sources_that_fail_become_statuses_without_detail()
    {
        await BeginAsync();
        await SendAsync(Packets.Open(1, "/none"));
        await AssertStatusAsync(1, SftpStatus.NoSuchFile);
        await SendAsync(Packets.WithPath(SftpPacketType.LStat, 2, "/none"));
        await AssertStatusAsync(2, SftpStatus.NoSuchFile);
        await SendAsync(Packets.Open(3, "/broken"));
        byte[] answer = await AssertStatusAsync(3, SftpStatus.Failure);
        Assert.DoesNotContain("secret", System.Text.Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        await SendAsync(Packets.WithPath(SftpPacketType.RealPath, 4, "/broken"));
        await AssertStatusAsync(4, SftpStatus.Failure);
    }

    [Fact]
    public async Task A_malformed_request_is_answered_with_bad_message_and_the_session_goes_on()
    {
        await BeginAsync();
        await SendAsync([0, 0, 0, 6, (byte)SftpPacketType.Read, 0, 0, 0, 4, 99]);
        await AssertStatusAsync(4, SftpStatus.BadMessage);
        await SendAsync(Packets.WithPath(SftpPacketType.Remove, 5, "/small"));
        await AssertStatusAsync(5, SftpStatus.PermissionDenied);
    }

    [Fact]
    public async Task A_handle_is_worth_nothing_once_closed_and_never_comes_again()
    {
        uint first = await OpenAsync("/small");
        await SendAsync(Packets.WithHandle(SftpPacketType.Close, 2, first));
        await AssertStatusAsync(2, SftpStatus.Ok);
        Assert.Equal(0, _files.Open);
        uint second = await OpenAsync("/big", begun: true);
        Assert.NotEqual(first, second);
        foreach (byte[] request in new[] { Packets.Read(3, first, 0, 10), Packets.WithHandle(SftpPacketType.Close, 3, first), Packets.WithHandle(SftpPacketType.FStat, 3, first) })
        {
            await SendAsync(request);
            await AssertStatusAsync(3, SftpStatus.Failure);
        }
    }

    [Fact]
    public async Task One_file_more_than_allowed_is_refused_until_one_is_closed()
    {
        uint first = await OpenAsync("/small");
        for (int i = 1; i < 16; i++)
        {
            await OpenAsync("/small", begun: true);
        }

        await SendAsync(Packets.Open(99, "/small"));
        await AssertStatusAsync(99, SftpStatus.Failure);
        Assert.Equal(16, _files.Open);
        await SendAsync(Packets.WithHandle(SftpPacketType.Close, 2, first));
        await AssertStatusAsync(2, SftpStatus.Ok);
        await OpenAsync("/small", begun: true);
    }

    [Fact]
    public async Task A_read_over_the_cap_is_answered_short()
    {
        uint handle = await OpenAsync("/big");
        await SendAsync(Packets.Read(7, handle, 5, uint.MaxValue));
        byte[] answer = await ReceiveAsync();
        Assert.Equal(Noise(1_000_000)[5..(5 + (255 * 1024))], answer[9..]);
    }

    [Fact]
    public async Task Reading_at_or_far_behind_the_end_is_EOF()
    {
        uint handle = await OpenAsync("/small");
        foreach (ulong offset in new ulong[] { 31, 32, long.MaxValue, ulong.MaxValue })
        {
            await SendAsync(Packets.Read(7, handle, offset, 100));
            await AssertStatusAsync(7, SftpStatus.EndOfFile);
        }
    }

    [Fact]
    public async Task Requests_sent_at_once_are_answered_in_order()
    {
        uint handle = await OpenAsync("/big");
        await SendAsync([.. Enumerable.Range(0, 200).SelectMany(i => Packets.Read((uint)(100 + i), handle, (ulong)(i * 5000), 5000))]);
        byte[] whole = Noise(1_000_000);
        for (int i = 0; i < 200; i++)
        {
            byte[] answer = await ReceiveAsync();
            Assert.Equal((uint)(100 + i), BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(1)));
            Assert.Equal(whole[(i * 5000)..((i + 1) * 5000)], answer[9..]);
        }
    }

    [Fact]
    public async Task A_client_that_takes_no_answers_is_held_back_and_then_dropped()
    {
        uint handle = await OpenAsync("/big");
        Task flood = SendAsync([.. Enumerable.Range(0, 1000).SelectMany(i => Packets.Read((uint)i, handle, 0, 255 * 1024))]);
        await Eventually(() => _files.Reads >= 2).WaitAsync(Patience);
        await AssertDroppedAsync();
        Assert.Equal(2, _files.Reads); // one batch on its way, one waiting; nothing is read for the requests behind them
        await flood.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Fact]
    public async Task An_idle_client_is_dropped_and_a_busy_one_is_not()
    {
        await BeginAsync();
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(6));
            await SendAsync(Packets.WithPath(SftpPacketType.Stat, 1, "/small"));
            await ReceiveAsync();
        }

        await AssertDroppedAsync();
    }

    [Theory]
    [InlineData("00000005 01 00000002")] // version 2
    [InlineData("00000003 010000")] // cut short
    [InlineData("00000005 11 00000001")] // no INIT first
    [InlineData("00000005 01 00000003 00000005 01 00000003")] // INIT twice
    [InlineData("00000005 01 00000003 00000002 0501")] // no id
    [InlineData("00000005 01 00000003 00010000")] // too long
    [InlineData("00000005 01 00000003 00000000")] // empty
    public async Task A_broken_protocol_ends_the_session(string hex)
    {
        await SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        SftpException e = await Assert.ThrowsAsync<SftpException>(() => _serving.WaitAsync(Patience));
        Assert.Equal(SftpStatus.BadMessage, e.Status);
    }

    [Fact]
    public async Task Limits_are_told_to_those_who_ask()
    {
        await BeginAsync();
        await SendAsync(Packets.WithPath(SftpPacketType.Extended, 3, "limits@openssh.com"));
        byte[] answer = await ReceiveAsync();
        Assert.Equal((byte)SftpPacketType.ExtendedReply, answer[0]);
        Assert.Equal(255ul * 1024, BinaryPrimitives.ReadUInt64BigEndian(answer.AsSpan(13)));
    }

    [Fact]
    public async Task A_cancelled_server_ends_as_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        (DuplexEnd client, DuplexEnd server) = DuplexPair.Create();
        Task serving = new SftpServer(_files, new SftpServerOptions()).ServeAsync(server, cancel.Token);
        await client.WriteAsync(Packets.Init);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.WaitAsync(Patience));
    }

    [Fact]
    public async Task Damaged_sessions_end_in_an_SftpException_or_at_EOF()
    {
        byte[] script =
        [
            .. Packets.Init, .. Packets.Open(1, "/small"), .. Packets.Read(2, 1, 0, 100), .. Packets.WithHandle(SftpPacketType.FStat, 3, 1),
            .. Packets.WithPath(SftpPacketType.RealPath, 4, "."), .. Packets.WithHandle(SftpPacketType.Close, 5, 1), .. Packets.Read(6, 1, 0, 100),
        ];
        var mutation = new Mutator(77, Packets.MeaningfulBytes);
        var server = new SftpServer(_files, new SftpServerOptions());
        for (int i = 0; i < 10_000; i++)
        {
            try
            {
                await server.ServeAsync(ScriptedStream.Whole(mutation.Mutate(script)), CancellationToken.None);
            }
            catch (SftpException)
            {
                // an orderly end
            }

            Assert.Equal(0, _files.Open);
        }

        Assert.InRange(_files.Reads, 1_000, 20_000); // not all were refused at the door
    }

    private async Task AssertDroppedAsync()
    {
        // Time goes on until the server has looked at its clock for the last time.
        await Eventually(() =>
        {
            _clock.Advance(TimeSpan.FromMinutes(11));
            return _serving.IsCompleted;
        }).WaitAsync(Patience);
        Assert.Equal(SftpStatus.ConnectionLost, (await Assert.ThrowsAsync<SftpException>(() => _serving)).Status);
    }

    private static byte[] Framed(string hex)
    {
        byte[] body = Convert.FromHexString(hex);
        return [0, 0, 0, (byte)body.Length, .. body];
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(11).NextBytes(bytes);
        return bytes;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
        }
    }

    private void Start(SftpServerOptions options)
    {
        (_client, DuplexEnd server) = DuplexPair.Create(capacity: 64 * 1024);
        _serving = new SftpServer(_files, options).ServeAsync(server, CancellationToken.None);
    }

    private async Task BeginAsync()
    {
        await SendAsync(Packets.Init);
        await ReceiveAsync();
    }

    private async Task<uint> OpenAsync(string path, bool begun = false)
    {
        if (!begun)
        {
            await BeginAsync();
        }

        await SendAsync(Packets.Open(1, path));
        byte[] answer = await ReceiveAsync();
        Assert.Equal((byte)SftpPacketType.Handle, answer[0]);
        return BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(9));
    }

    private Task SendAsync(byte[] bytes) => _client.WriteAsync(bytes).AsTask();

    private async Task<byte[]> ReceiveAsync()
    {
        byte[] length = new byte[4];
        await _client.ReadExactlyAsync(length).AsTask().WaitAsync(Patience);
        byte[] packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await _client.ReadExactlyAsync(packet).AsTask().WaitAsync(Patience);
        return packet;
    }

    private async Task<byte[]> AssertStatusAsync(uint id, SftpStatus status)
    {
        byte[] answer = await ReceiveAsync();
        Assert.Equal((byte)SftpPacketType.Status, answer[0]);
        Assert.Equal(id, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(1)));
        Assert.Equal(status, (SftpStatus)BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(5)));
        return answer;
    }
}
