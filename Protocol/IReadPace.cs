namespace RPort.Protocol;

/// <summary>Decides when the reader of a <see cref="WebSocketByteStream"/> goes on with what has arrived. Called by one reader at a time.</summary>
public interface IReadPace
{
    /// <summary>A read begins: all that came before has been taken. Must not block or throw.</summary>
    void Waiting();

    /// <summary>Bytes have come; the read returns them when this completes, on the thread that completes it. Must not fail.</summary>
    ValueTask ArrivedAsync();
}
