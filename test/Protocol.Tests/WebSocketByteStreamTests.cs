using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Security.Cryptography;

namespace RPort.Protocol.Tests;

public sealed class WebSocketByteStreamTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly WebSocket _peer;
    private readonly WebSocketByteStream _stream;

    public WebSocketByteStreamTests()
    {
        Pipe toServer = new();
        Pipe toPeer = new();
        _peer = WebSocket.CreateFromStream(new Duplex(toPeer.Reader.AsStream(), toServer.Writer.AsStream()), new WebSocketCreationOptions { IsServer = false });
        _stream = new WebSocketByteStream(
            WebSocket.CreateFromStream(new Duplex(toServer.Reader.AsStream(), toPeer.Writer.AsStream()), new WebSocketCreationOptions { IsServer = true }));
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _peer.Dispose();
    }

    [Fact]
    public async Task Bytes_come_through_whatever_the_messages()
    {
        byte[] sent = RandomNumberGenerator.GetBytes(100_000);
        Task send = Task.Run(async () =>
        {
            int at = 0;
            foreach (int length in new[] { 1, 0, 7, 1024, 0, 40_000, 58_968 })
            {
                await _peer.SendAsync(sent.AsMemory(at, length), WebSocketMessageType.Binary, endOfMessage: length != 7, default);
                at += length;
            }

            await _peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        });
        MemoryStream received = new();
        await _stream.CopyToAsync(received).WaitAsync(Soon);
        await send.WaitAsync(Soon);
        Assert.Equal(sent, received.ToArray());
        Assert.Equal(0, await _stream.ReadAsync(new byte[10]));
    }

    [Fact]
    public async Task A_pace_is_told_of_every_read_and_lets_arrived_bytes_through()
    {
        Pace pace = new();
        _stream.Pace = pace;
        byte[] buffer = new byte[10];
        Task<int> nothing = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        await _peer.SendAsync(new byte[] { 5, 6 }, WebSocketMessageType.Binary, endOfMessage: true, default);
        await nothing.WaitAsync(Soon);
        Task<int> read = _stream.ReadAsync(buffer).AsTask();
        await pace.Arrived.WaitAsync(Soon);
        Assert.Equal(2, pace.Reads);
        Assert.False(read.IsCompleted);

        _stream.Pace = null; // counts from the next read on
        pace.Go.SetResult();
        Assert.Equal(2, await read.WaitAsync(Soon));
        await _peer.SendAsync(new byte[] { 7 }, WebSocketMessageType.Binary, endOfMessage: true, default);
        Assert.Equal(1, await _stream.ReadAsync(buffer).AsTask().WaitAsync(Soon));
        Assert.Equal(2, pace.Reads);
    }

    [Fact]
    public async Task A_read_into_nothing_waits_for_data_and_takes_none()
    {
        Task<int> wait = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        Assert.False(wait.IsCompleted);
        await _peer.SendAsync(new byte[] { 5, 6 }, WebSocketMessageType.Binary, endOfMessage: true, default);
        Assert.Equal(0, await wait.WaitAsync(Soon));
        byte[] buffer = new byte[10];
        Assert.Equal(2, await _stream.ReadAsync(buffer).AsTask().WaitAsync(Soon));
        Assert.Equal([5, 6], buffer[..2]);
    }

    [Fact]
    public async Task A_read_into_nothing_ends_when_the_peer_closes()
    {
        Task<int> wait = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        await _peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await wait.WaitAsync(Soon);
        Assert.Equal(0, await _stream.ReadAsync(new byte[10]).AsTask().WaitAsync(Soon));
    }

    [Fact]
    public async Task Text_is_an_error()
    {
        await _peer.SendAsync(new byte[] { 65 }, WebSocketMessageType.Text, endOfMessage: true, default);
        await Assert.ThrowsAsync<IOException>(() => _stream.ReadAsync(new byte[10]).AsTask().WaitAsync(Soon));
    }

    [Fact]
    public async Task A_peer_that_sends_nothing_but_empty_messages_is_an_error()
    {
        Task flood = Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await _peer.SendAsync(Memory<byte>.Empty, WebSocketMessageType.Binary, endOfMessage: true, default);
            }
        });
        await Assert.ThrowsAsync<IOException>(() => _stream.ReadAsync(new byte[10]).AsTask().WaitAsync(Soon));
        await flood.WaitAsync(Soon);
    }

    [Fact]
    public async Task What_is_written_arrives_as_binary_messages()
    {
        await _stream.WriteAsync(new byte[] { 1, 2, 3 });
        ValueWebSocketReceiveResult message = await _peer.ReceiveAsync(new byte[10].AsMemory(), default).AsTask().WaitAsync(Soon);
        Assert.Equal((3, WebSocketMessageType.Binary, true), (message.Count, message.MessageType, message.EndOfMessage));
    }

    [Fact]
    public async Task Disposing_ends_a_pending_read_and_tells_the_peer()
    {
        Task<int> read = _stream.ReadAsync(new byte[10]).AsTask();
        Task<ValueWebSocketReceiveResult> peer = _peer.ReceiveAsync(new byte[10].AsMemory(), default).AsTask();
        await _stream.DisposeAsync();
        Assert.Equal(WebSocketMessageType.Close, (await peer.WaitAsync(Soon)).MessageType);
        await Assert.ThrowsAnyAsync<Exception>(() => read.WaitAsync(Soon));
        await Assert.ThrowsAsync<IOException>(() => _stream.WriteAsync(new byte[1]).AsTask());
        await _stream.DisposeAsync();
    }

    private sealed class Duplex(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await output.WriteAsync(buffer, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            input.Dispose();
            output.Dispose();
        }
    }

    private sealed class Pace : IReadPace
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Reads { get; private set; }

        public Task Arrived => _arrived.Task;

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Waiting() => Reads++;

        public ValueTask ArrivedAsync()
        {
            _arrived.SetResult();
            return new ValueTask(Go.Task);
        }
    }
}
