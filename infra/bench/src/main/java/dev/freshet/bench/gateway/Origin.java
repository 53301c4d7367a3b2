package dev.freshet.bench.gateway;

import dev.freshet.protocol.FreshetHeaders;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The backend behind the proxies: it answers {@code /…/BYTES} with as many bytes, from memory, and
 * speaks of positions as Freshet's own backends do. What it says of reads is past what it says of
 * writes, so that every read has a token to be renewed.
 */
public final class Origin {

  /** A request whose path begins so says what befalls all others from then on. */
  static final String FAULT_PATH = "/fault/";

  private static final Duration SLOW = Duration.ofSeconds(2);

  private static volatile String fault = "NONE";

  private static final String WRITTEN = "1:0/3000000";
  private static final String READ = "1:0/4000000";
  private static final String REPORT =
      "{\"position\":\"%s\",\"kind\":\"replica\",\"lagSeconds\":0.0,\"ready\":true}"
          .formatted(READ);

  private Origin() {}

  /** Starts one in a process of its own, whose output goes to the folder. */
  static Process start(Path folder, int port) throws IOException {
    return new ProcessBuilder(Proxy.ofBench(Origin.class, Integer.toString(port)))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("origin-" + port).toFile())
        .start();
  }

  /**
   * Answers until it is killed.
   *
   * @param arguments the port, on loopback
   */
  public static void main(String[] arguments) throws InterruptedException {
    new ServerBootstrap()
        .group(new MultiThreadIoEventLoopGroup(NioIoHandler.newFactory()))
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new HttpServerCodec(), new Answers());
              }
            })
        .bind("127.0.0.1", Integer.parseInt(arguments[0]))
        .sync()
        .channel()
        .closeFuture()
        .sync();
  }

  private static final class Answers extends SimpleChannelInboundHandler<HttpObject> {

    private static final Map<Integer, ByteBuf> BODIES = new ConcurrentHashMap<>();

    private String path = "";
    private boolean isWrite;

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
      if (part instanceof HttpRequest request) {
        path = request.uri();
        isWrite = request.method().equals(HttpMethod.POST);
      }
      if (part instanceof LastHttpContent) {
        answer(context);
      }
    }

    private void answer(ChannelHandlerContext context) {
      if (path.startsWith(FAULT_PATH)) {
        fault = path.substring(FAULT_PATH.length());
        path = "/0";
        send(context, answer());
        return;
      }
      switch (fault) {
        case "SLOW" -> {
          FullHttpResponse answer = answer();
          context
              .executor()
              .schedule(() -> send(context, answer), SLOW.toMillis(), TimeUnit.MILLISECONDS)
              .addListener(done -> {});
        }
        case "RESETTING" -> {
          ((SocketChannel) context.channel()).config().setSoLinger(0);
          context.close().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
        default -> send(context, answer());
      }
    }

    private static void send(ChannelHandlerContext context, FullHttpResponse answer) {
      ChannelFuture sent = context.writeAndFlush(answer);
      sent.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    private FullHttpResponse answer() {
      ByteBuf body =
          path.equals(FreshetHeaders.POSITION_PATH)
              ? Unpooled.copiedBuffer(REPORT, StandardCharsets.US_ASCII)
              : BODIES.computeIfAbsent(size(), Answers::body).duplicate();
      FullHttpResponse answer =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
      answer
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
          .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
          .set(FreshetHeaders.POSITION, isWrite ? WRITTEN : READ);
      return answer;
    }

    private int size() {
      return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    }

    private static ByteBuf body(int size) {
      byte[] bytes = "x".repeat(size).getBytes(StandardCharsets.US_ASCII);
      return Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(bytes));
    }
  }
}
