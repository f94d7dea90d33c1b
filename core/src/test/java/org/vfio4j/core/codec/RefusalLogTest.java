// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.AbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class RefusalLogTest {
    private final VfioException refusal =
            new VfioException(Errno.EPERM, "GR-8", "SET_CONTAINER refused: group 7 is not viable");

    /** A logger that keeps its lines. */
    private static final class Captured extends AbstractLogger {
        private static final long serialVersionUID = 1L;

        private final transient List<String> lines = new ArrayList<>();
        private final boolean debug;

        Captured(boolean debug) {
            this.debug = debug;
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level,
                @Nullable Marker marker,
                String pattern,
                Object @Nullable [] arguments,
                @Nullable Throwable failure) {
            lines.add(level + " " + MessageFormatter.basicArrayFormat(pattern, arguments));
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isTraceEnabled(Marker marker) {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return debug;
        }

        @Override
        public boolean isDebugEnabled(Marker marker) {
            return debug;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isInfoEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled(Marker marker) {
            return true;
        }
    }

    @Test
    void shouldNameTheRuleAndTheReason() {
        var log = new Captured(true);
        RefusalLog.tell(log, "ioctl 0x3b68", "group 7", refusal);
        RefusalLog.tell(log, "read", "group 7", new VfioException(Errno.EINVAL, "this file cannot be read"));
        assertThat(log.lines)
                .containsExactly(
                        "DEBUG ioctl 0x3b68 of group 7: EPERM by GR-8: SET_CONTAINER refused: group 7 is not viable",
                        "DEBUG read of group 7: EINVAL by a rule without name: this file cannot be read");
    }

    @Test
    void shouldSayNothingWhenNobodyListens() {
        var log = new Captured(false);
        var unasked = new Object() {
            @Override
            public String toString() {
                throw new AssertionError("a line was made that nobody reads");
            }
        };
        RefusalLog.tell(log, "read", unasked, refusal);
        assertThat(log.lines).isEmpty();
    }
}
