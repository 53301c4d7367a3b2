package dev.freshet.gateway;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A client of HTTP/1.1 that sends whatever text it is told to, on one connection. */
final class RawHttp1 implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 15_000;

  private final Socket socket;
  private final InputStream in;

  /**
   * An answer.
   *
   * @param head status line and headers, each with its line's end
   * @param interim heads of what came before it
   */
  record Answer(int status, String head, String content, List<String> interim) {

    boolean has(String header) {
      return head.toLowerCase(Locale.ROOT).contains("\r\n" + header.toLowerCase(Locale.ROOT));
    }
  }

  RawHttp1(int port) throws IOException {
    this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    this.in = socket.getInputStream();
  }

  RawHttp1 send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  /** Sends a request, and reads its answer. */
  Answer ask(String request) throws IOException {
    return send(request).answer(request.startsWith("HEAD "));
  }

  Answer get(String path) throws IOException {
    return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  /** Reads one answer, and what comes before it. */
  Answer answer(boolean isOfHead) throws IOException {
    List<String> interim = new ArrayList<>();
    while (true) {
      String head = head();
      int status = Integer.parseInt(head.substring(9, 12));
      if (status >= 200 || status == 101) {
        boolean isEmpty = isOfHead || status == 204 || status == 304 || status == 101;
        return new Answer(status, head, isEmpty ? "" : content(head), interim);
      }
      interim.add(head);
    }
  }

  /** Whether the other side has closed the connection; waits until it says one or the other. */
  boolean isAtItsEnd() throws IOException {
    return in.read() < 0;
  }

  private String head() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      head.append((char) next());
    }
    return head.toString();
  }

  private String content(String head) throws IOException {
    String lower = head.toLowerCase(Locale.ROOT);
    int at = lower.indexOf("\r\ncontent-length: ");
    if (at >= 0) {
      return read(Integer.parseInt(lower.substring(at + 18, lower.indexOf("\r\n", at + 2))));
    }
    if (!lower.contains("\r\ntransfer-encoding: chunked\r\n")) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
    StringBuilder content = new StringBuilder();
    while (true) {
      int size = Integer.parseInt(line(), 16);
      content.append(read(size));
      line();
      if (size == 0) {
        return content.toString();
      }
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (line.length() < 2 || line.indexOf("\r\n", line.length() - 2) < 0) {
      line.append((char) next());
    }
    return line.substring(0, line.length() - 2);
  }

  private String read(int length) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (bytes.size() < length) {
      bytes.write(next());
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  private int next() throws IOException {
    int next = in.read();
    if (next < 0) {
      throw new EOFException("The gateway closed the connection");
    }
    return next;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
