// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import org.vfio4j.spi.mdev.MdevParent;

/** A parent of the machine's. */
interface SampleParent extends MdevParent {
    /** Frees what is left when the machine is switched off. */
    void powerOff();
}
