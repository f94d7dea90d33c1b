// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import org.vfio4j.spi.fslmc.McRegion;

/** What is behind one region of an object. Thread-safe. */
interface RegionModel {
    /** As the bus shows it. */
    McRegion region();

    /** Its bytes. */
    PortalMemory memory();

    /** Takes 8 bytes at an aligned offset. */
    void write(long offset, long value);

    /** Back to the state after power-on; waits for what is running. */
    void reset();
}
