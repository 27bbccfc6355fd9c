using System.Text;

namespace RPort.Interop.OpenSsh;

/// <summary>What a program left behind.</summary>
internal sealed record ToolResult(int ExitCode, byte[] Output, string Errors)
{
    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>Fails the test with what the program complained about unless it ended with this code.</summary>
    public ToolResult Expect(int exitCode = 0)
    {
        Assert.True(ExitCode == exitCode, $"Exit code {ExitCode} and not {exitCode}. It said: {Errors}");
        return this;
    }
}
