package dev.freshet.gateway.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServer;

/** Puts the gateway's own reading of HTTP/1.1 in place of Reactor Netty's. */
public final class Wire {

  private static final String ENCODER = "freshet.answers";
  private static final String SLOW_READERS = "freshet.slow-readers";

  private final HeadLimits limits;
  private final Duration patience;

  /**
   * Prepares to read.
   *
   * @param patience how long a client may take nothing of its answer
   */
  public Wire(HeadLimits limits, Duration patience) {
    this.limits = limits;
    this.patience = patience;
  }

  /** A server whose connections are read strictly. */
  public HttpServer strict(HttpServer server) {
    return server.doOnChannelInit((observer, channel, address) -> install(channel));
  }

  private void install(Channel channel) {
    Queue<HttpMethod> methods = new ArrayDeque<>(1);
    ChannelPipeline pipeline = channel.pipeline();
    // By the name that Reactor Netty looks for when a connection becomes a WebSocket.
    StrictRequestDecoder decoder = new StrictRequestDecoder(limits, methods);
    pipeline.replace(NettyPipeline.HttpCodec, NettyPipeline.HttpCodec, decoder);
    pipeline.addBefore(NettyPipeline.HttpCodec, SLOW_READERS, new SlowReaders(patience));
    pipeline.addAfter(
        NettyPipeline.HttpCodec, ENCODER, new AnswerEncoder(methods, decoder::isStopped));
  }
}
