using System.ComponentModel;
using System.Diagnostics;

namespace RPort.Agent.Files;

/// <summary>
/// Does by <c>sudo -n</c> what the agent itself may not. Only two commands, and both name a file in the staging folder first, so that sudoers can be held to
/// <c>/usr/bin/chown * DATADIR/filepush/*_rport_filepush</c> and <c>/usr/bin/mv DATADIR/filepush/*_rport_filepush *</c>.
/// </summary>
internal sealed class Sudo(FileReceiverSettings settings, TimeProvider clock)
{
    private const int MaxOutputLength = 1024;

    /// <summary>False for root, who needs none of it.</summary>
    public bool IsOfUse { get; } = LibC.EffectiveUser() != 0;

    /// <summary>Null, or why it failed.</summary>
    public Task<string?> ChangeOwnerAsync(string owner, string stagingFile, CancellationToken cancellationToken) =>
        RunAsync([Command("chown"), owner, stagingFile], cancellationToken);

    /// <summary>
    /// Null, or why it failed. On one file system the destination is replaced in one step; across two, mv removes the old file and copies, and a reader may see a part.
    /// </summary>
    public Task<string?> MoveAsync(string stagingFile, string destination, CancellationToken cancellationToken) =>
        RunAsync([Command("mv"), stagingFile, destination], cancellationToken);

    private static string Command(string name) => File.Exists("/usr/bin/" + name) ? "/usr/bin/" + name : "/bin/" + name;

    private async Task<string?> RunAsync(string[] command, CancellationToken cancellationToken)
    {
        string line = $"sudo -n {string.Join(' ', command)}";
        using CancellationTokenSource deadline = new(settings.SudoTimeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(settings.Sudo, ["-n", .. command])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            try
            {
                process.StandardInput.Close();
                Task<string> said = process.StandardError.ReadToEndAsync(either.Token);
                Task<string> ignored = process.StandardOutput.ReadToEndAsync(either.Token);
                await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
                await ignored.ConfigureAwait(false);
                string text = (await said.ConfigureAwait(false)).Trim();
                return process.ExitCode == 0 ? null : $"failed to execute {line}: {text[..Math.Min(text.Length, MaxOutputLength)]}: exit status {process.ExitCode}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"failed to execute {line}: no end after {settings.SudoTimeout}";
        }
        catch (Win32Exception)
        {
            return $"failed to execute {line}: sudo cannot be started";
        }
    }
}
