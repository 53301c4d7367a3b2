package dev.freshet.gateway.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpMethod;
import java.util.ArrayDeque;
import java.util.Queue;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServer;

/** Puts the gateway's own reading of HTTP/1.1 in place of Reactor Netty's. */
public final class Wire {

  private static final String ENCODER = "freshet.answers";

  private final HeadLimits limits;

  public Wire(HeadLimits limits) {
    this.limits = limits;
  }

  /** A server whose connections are read strictly. */
  public HttpServer strict(HttpServer server) {
    return server.doOnChannelInit((observer, channel, address) -> install(channel));
  }

  private void install(Channel channel) {
    Queue<HttpMethod> methods = new ArrayDeque<>(1);
    ChannelPipeline pipeline = channel.pipeline();
    // By the name that Reactor Netty looks for when a connection becomes a WebSocket.
    pipeline.replace(
        NettyPipeline.HttpCodec,
        NettyPipeline.HttpCodec,
        new StrictRequestDecoder(limits, methods));
    pipeline.addAfter(NettyPipeline.HttpCodec, ENCODER, new AnswerEncoder(methods));
  }
}
