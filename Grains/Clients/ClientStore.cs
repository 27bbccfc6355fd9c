using Orleans.Runtime;

namespace RPort.Grains.Clients;

/// <summary>A client in storage. <see cref="Current"/> is what has landed; readers that come between while a write runs see no more than that.</summary>
/// <param name="stored">Where it is stored.</param>
/// <param name="distrust">Called when a write has failed: it may or may not have landed, so it must be read again before anyone is answered.</param>
internal sealed class ClientStore(IPersistentState<ClientState> stored, Action distrust)
{
    public ClientState Current { get; private set; } = new();

    public void Load() => Current = stored.State;

    /// <summary>A state to go on from that differs from the stored one and need not be written: every activation comes to the same.</summary>
    public void Assume(ClientState state) => Current = state;

    public async Task WriteAsync(ClientState next)
    {
        stored.State = next;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            distrust();
            throw;
        }

        Current = next;
    }

    public async Task ClearAsync()
    {
        try
        {
            await stored.ClearStateAsync();
        }
        catch
        {
            distrust();
            throw;
        }

        Current = new ClientState();
    }
}
