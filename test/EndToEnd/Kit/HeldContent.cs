using System.Net;

namespace RPort.EndToEnd.Kit;

/// <summary>A file as a request body that stops half-way until it is released.</summary>
internal sealed class HeldContent(string path) : HttpContent
{
    private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when half of the file has been sent.</summary>
    public Task HalfSent => _half.Task;

    public void Release() => _released.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using FileStream file = File.OpenRead(path);
        byte[] block = new byte[1 << 20];
        long sent = 0;
        while (await file.ReadAsync(block) is > 0 and int n)
        {
            await stream.WriteAsync(block.AsMemory(0, n));
            sent += n;
            if (sent >= file.Length / 2 && _half.TrySetResult())
            {
                await stream.FlushAsync();
                await _released.Task;
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = new FileInfo(path).Length;
        return true;
    }
}
