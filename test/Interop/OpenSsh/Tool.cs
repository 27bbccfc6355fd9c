using System.Diagnostics;

namespace RPort.Interop.OpenSsh;

/// <summary>Runs a program to its end, with a deadline after which it is killed and the test fails.</summary>
internal static class Tool
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(100);

    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, ReadOnlyMemory<byte> input = default, IReadOnlyDictionary<string, string>? environment = null)
    {
        using Process process = Start(program, arguments, environment);
        using var cancel = new CancellationTokenSource(Deadline);
        var output = new MemoryStream();
        try
        {
            Task reading = process.StandardOutput.BaseStream.CopyToAsync(output, cancel.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(cancel.Token);
            await FeedAsync(process, input, cancel.Token);
            await reading;
            await process.WaitForExitAsync(cancel.Token);
            return new ToolResult(process.ExitCode, output.ToArray(), await errors);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {Deadline}; {output.Length} bytes came out of it.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Starts a program whose end the caller looks after.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    private static async Task FeedAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            await process.StandardInput.BaseStream.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // The program ended without reading all; its exit code and output say why.
        }
        finally
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // as above
            }
        }
    }
}
