using RPort.Gateway.Payloads;

namespace RPort.Gateway.Files.Form;

/// <summary>The uploaded file: its bytes lie in the payload store, not yet committed. Disposing it drops them unless they were.</summary>
internal sealed record ReceivedFile(IPayloadWriter Payload, string Name, long Size, byte[] Md5, byte[] Sha256) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Payload.DisposeAsync();
}
