// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.List;
import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.spi.device.DmaRange;

/** The log of a device that never writes to memory: accepts everything in any order, reports nothing. Spec: mdev §9. */
enum NoWrites implements DmaLoggingOps {
    /** It has no state. */
    INSTANCE;

    @Override
    public long start(List<DmaRange> ranges, long pageSize) {
        return pageSize;
    }

    @Override
    public void stop() {}

    @Override
    public void readAndClear(long iova, long length, DirtySink sink) {}
}
