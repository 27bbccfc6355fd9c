using System.Text;

namespace RPort.Gateway.Tests.Kit;

/// <summary>A multipart form in the order it was written.</summary>
internal static class Form
{
    public static MultipartFormDataContent With(params (string Field, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach ((string field, string value) in fields)
        {
            form.Add(new StringContent(value), field);
        }

        return form;
    }

    public static MultipartFormDataContent File(this MultipartFormDataContent form, byte[] content, string name = "file.bin")
    {
        form.Add(new ByteArrayContent(content), "upload", name);
        return form;
    }

    public static MultipartFormDataContent And(this MultipartFormDataContent form, string field, string value)
    {
        form.Add(new StringContent(value), field);
        return form;
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
