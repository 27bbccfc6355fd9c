namespace RPort.Testing;

/// <summary>Stands on one direction of a <see cref="DuplexPair"/>.</summary>
public interface IWireTap
{
    /// <summary>What goes on instead of what was written; empty swallows it. May throw <see cref="IOException"/> to cut the line.</summary>
    byte[] Pass(byte[] written);
}
