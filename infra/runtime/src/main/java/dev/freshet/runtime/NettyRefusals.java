package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import reactor.core.publisher.Mono;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServerResponse;

/**
 * What Reactor Netty and Spring's adapter refuse by themselves. Both answer with an empty body;
 * here it becomes a problem document, as with every other refusal.
 */
final class NettyRefusals {

  private static final String UNDECODABLE = "freshet.undecodable";

  private final ProblemResponses problems;

  NettyRefusals(ProblemResponses problems) {
    this.problems = problems;
  }

  /** Sees to what can't be decoded on a connection that begins in the clear. */
  void install(Channel channel) {
    if (channel.pipeline().get(NettyPipeline.HttpCodec) != null) {
      channel.pipeline().addAfter(NettyPipeline.HttpCodec, UNDECODABLE, new Undecodable(problems));
    }
  }

  /** The adapter ends without an answer when it can't make a URI of target and Host. */
  Mono<Void> answered(Mono<Void> handling, HttpServerResponse response) {
    return handling.then(
        Mono.defer(
            () ->
                response.hasSentHeaders()
                        || !HttpResponseStatus.BAD_REQUEST.equals(response.status())
                    ? Mono.empty()
                    : refuse(response)));
  }

  private Mono<Void> refuse(HttpServerResponse response) {
    byte[] body =
        problems.body(
            Problem.of(ProblemCode.BAD_REQUEST, "The target, or the header Host, is no URI."));
    return response
        .header(HttpHeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
        .header(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(body.length))
        .sendObject(Unpooled.wrappedBuffer(body))
        .then();
  }
}
