package dev.freshet.local.system;

import dev.freshet.gateway.Gateway;
import dev.freshet.read.ReadBackend;
import dev.freshet.sync.SyncBackend;
import dev.freshet.sync.follow.FollowBackend;
import dev.freshet.sync.publish.PublishBackend;
import dev.freshet.write.WriteBackend;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** The deployables. */
public enum PartKind {
  GATEWAY,
  WRITE,
  READ,
  SYNC,
  PUBLISH,
  FOLLOW;

  /** Starts it in this JVM and returns once it accepts connections. */
  public ConfigurableApplicationContext start(Map<String, ?> properties) {
    return switch (this) {
      case GATEWAY -> Gateway.start(properties);
      case WRITE -> WriteBackend.start(properties);
      case READ -> ReadBackend.start(properties);
      case SYNC -> SyncBackend.start(properties);
      case PUBLISH -> PublishBackend.start(properties);
      case FOLLOW -> FollowBackend.start(properties);
    };
  }
}
