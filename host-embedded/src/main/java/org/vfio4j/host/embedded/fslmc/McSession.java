// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Objects that are open through one portal by one side, under their tokens. Guarded by the firmware lock. */
final class McSession {
    private static final int TOKENS = 1 << 16;

    private final Map<Integer, EmbeddedMcObject> open = new HashMap<>();
    private int latest;

    /** Opens an object; answers its token, or 0 when it is open here already. */
    int open(EmbeddedMcObject object) {
        if (open.containsValue(object)) {
            return 0;
        }
        do {
            latest = latest + 1 == TOKENS ? 1 : latest + 1;
        } while (open.putIfAbsent(latest, object) != null);
        return latest;
    }

    @Nullable
    EmbeddedMcObject get(int token) {
        return open.get(token);
    }

    /** The token of an object; 0 when it is not open here. */
    int tokenOf(EmbeddedMcObject object) {
        for (var entry : open.entrySet()) {
            if (entry.getValue().equals(object)) {
                return entry.getKey();
            }
        }
        return 0;
    }

    void close(int token) {
        open.remove(token);
    }

    /** Closes an object if it is open here. */
    void forget(EmbeddedMcObject object) {
        open.values().removeIf(object::equals);
    }
}
