package dev.freshet.gateway.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http2.Http2StreamChannel;
import org.springframework.util.unit.DataSize;
import reactor.netty.ChannelPipelineConfigurer;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.http.client.HttpClient;

/**
 * How the gateway reads what backends answer. Of HTTP/1.1 its own reading stands in place of
 * Netty's; of HTTP/2 each stream tells interim answers from the answer.
 */
public final class BackendWire {

  private static final String ENCODER = "freshet.requests";
  private static final String INTERIM = "freshet.interim-answers";
  private static final String AGREED = "freshet.agreed";

  private final int headBytes;

  /** Always the same one: clients that differ in it have connections of their own. */
  private final ChannelPipelineConfigurer installing =
      (observer, channel, address) -> install(channel);

  /**
   * Prepares to read.
   *
   * @param maxHead of an answer: its status line, and all headers together
   */
  public BackendWire(DataSize maxHead) {
    this.headBytes = Math.toIntExact(maxHead.toBytes());
  }

  /** A client whose answers are read strictly. */
  public HttpClient strict(HttpClient client) {
    return client
        .http2Settings(settings -> settings.maxHeaderListSize(headBytes))
        .doOnChannelInit(installing)
        .doOnRequest((request, connection) -> watch(connection));
  }

  private void install(Channel channel) {
    ChannelPipeline pipeline = channel.pipeline();
    if (pipeline.get(NettyPipeline.H2OrHttp11Codec) == null) {
      readStrictly(pipeline);
    } else {
      pipeline.addAfter(NettyPipeline.H2OrHttp11Codec, AGREED, new Agreed());
    }
  }

  private void readStrictly(ChannelPipeline pipeline) {
    if (pipeline.get(NettyPipeline.HttpCodec) instanceof HttpClientCodec) {
      StrictAnswerDecoder decoder = new StrictAnswerDecoder(headBytes);
      pipeline.replace(NettyPipeline.HttpCodec, NettyPipeline.HttpCodec, decoder);
      pipeline.addAfter(NettyPipeline.HttpCodec, ENCODER, new RequestEncoder(decoder));
    }
  }

  private void watch(Connection connection) {
    if (connection.channel() instanceof Http2StreamChannel stream) {
      stream
          .pipeline()
          .addBefore(NettyPipeline.ReactiveBridge, INTERIM, new InterimStreams(headBytes));
    }
  }

  /** By then the handler before it has built the pipeline for the protocol that was agreed on. */
  private final class Agreed extends ChannelInboundHandlerAdapter {

    @Override
    public void channelActive(ChannelHandlerContext context) {
      readStrictly(context.pipeline());
      context.fireChannelActive();
      context.pipeline().remove(this);
    }
  }
}
