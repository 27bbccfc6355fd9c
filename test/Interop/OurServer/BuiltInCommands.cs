using System.Globalization;
using System.Text;
using RPort.Ssh;

namespace RPort.Interop.OurServer;

/// <summary>The few commands the server knows, so that nothing of the machine is run.</summary>
internal static class BuiltInCommands
{
    /// <summary>Runs one command line on a channel and returns its exit status.</summary>
    public static async Task<uint> RunAsync(string line, SshChannel channel, CancellationToken cancellationToken)
    {
        string[] words = line.Split(' ', 2);
        string rest = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "echo":
                await channel.WriteAsync(Encoding.UTF8.GetBytes(rest + "\n"), cancellationToken);
                return 0;
            case "complain":
                await channel.WriteExtendedAsync(1, Encoding.UTF8.GetBytes(rest + "\n"), cancellationToken);
                return 0;
            case "cat":
                await CatAsync(channel, cancellationToken);
                return 0;
            case "write":
                await WriteAsync(channel, Number(rest), cancellationToken);
                return 0;
            case "count":
                return await CountAsync(channel, cancellationToken);
            case "wait":
                await channel.Closed.WaitAsync(cancellationToken);
                return 0;
            case "exit":
                return (uint)Number(rest);
            default:
                await channel.WriteExtendedAsync(1, Encoding.UTF8.GetBytes($"{words[0]}: not found\n"), cancellationToken);
                return 127;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task WriteAsync(SshChannel channel, int count, CancellationToken cancellationToken)
    {
        byte[] block = Noise.Bytes(100_000);
        for (int left = count; left > 0; left -= block.Length)
        {
            await channel.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)), cancellationToken);
        }
    }

    private static async Task CatAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[32768];
        while (await channel.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            await channel.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    /// <summary>Reads to EOF and only then answers, which shows that half a channel stays open.</summary>
    private static async Task<uint> CountAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        long total = 0;
        byte[] buffer = new byte[32768];
        while (await channel.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            total += read;
        }

        await channel.WriteAsync(Encoding.UTF8.GetBytes($"{total}\n"), cancellationToken);
        return 0;
    }
}
