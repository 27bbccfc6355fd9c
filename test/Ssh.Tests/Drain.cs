namespace RPort.Ssh.Tests;

/// <summary>Reads a channel to its end.</summary>
internal static class Drain
{
    public static async Task<byte[]> ToEndAsync(SshChannel channel)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[40_000];
        int read;
        while ((read = await channel.ReadAsync(buffer)) > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
