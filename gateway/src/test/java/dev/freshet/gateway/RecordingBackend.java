package dev.freshet.gateway;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A backend that keeps every byte that reaches it, and answers each request with 200, by as plain a
 * reading of HTTP/1.1 as there is.
 */
final class RecordingBackend implements AutoCloseable {

  /** How questions after its position begin; one may be in the midst of coming. */
  private static final String QUESTION = "GET /.freshet/position ";

  private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  private final List<ByteArrayOutputStream> requests = new ArrayList<>();
  private int brokenOff;

  RecordingBackend() throws IOException {
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** All that came, but for questions after its position. */
  String received() {
    return String.join("", requests());
  }

  /** Each request as far as it came, but for questions after its position. */
  synchronized List<String> requests() {
    return requests.stream()
        .map(request -> request.toString(StandardCharsets.ISO_8859_1))
        .filter(text -> !text.startsWith(QUESTION) && !QUESTION.startsWith(text))
        .toList();
  }

  /** How many requests ended before their end. */
  synchronized int brokenOff() {
    return brokenOff;
  }

  /** What is in the midst of coming is forgotten, too. */
  synchronized void forget() {
    brokenOff = 0;
    requests.clear();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        // The test has ended.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      while (true) {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        String head = head(in, record);
        if (head.isEmpty()) {
          return;
        }
        content(in, record, head.toLowerCase(Locale.ROOT));
        String status = head.startsWith("GET /.freshet/") ? "404 Not Found" : "200 OK";
        socket
            .getOutputStream()
            .write(
                ("HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nok")
                    .getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      // The gateway closed it, or the test has ended.
    }
  }

  private String head(InputStream in, ByteArrayOutputStream record) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = read(in, record);
      if (next < 0) {
        return "";
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private void content(InputStream in, ByteArrayOutputStream record, String head)
      throws IOException {
    try {
      readContent(in, record, head);
    } catch (IOException e) {
      synchronized (this) {
        brokenOff++;
      }
      throw e;
    }
  }

  private void readContent(InputStream in, ByteArrayOutputStream record, String head)
      throws IOException {
    int length = head.indexOf("content-length: ");
    if (length >= 0) {
      int end = head.indexOf('\r', length);
      for (int i = Integer.parseInt(head.substring(length + 16, end)); i > 0; i--) {
        more(in, record);
      }
    } else if (head.contains("transfer-encoding: chunked")) {
      StringBuilder content = new StringBuilder();
      while (!content.toString().equals("0\r\n\r\n") && content.indexOf("\r\n0\r\n\r\n") < 0) {
        content.append((char) more(in, record));
      }
    }
  }

  private int more(InputStream in, ByteArrayOutputStream record) throws IOException {
    int next = read(in, record);
    if (next < 0) {
      throw new EOFException("in the midst of content");
    }
    return next;
  }

  private int read(InputStream in, ByteArrayOutputStream record) throws IOException {
    int next = in.read();
    if (next >= 0) {
      synchronized (this) {
        if (record.size() == 0) {
          requests.add(record);
        }
        record.write(next);
      }
    }
    return next;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
