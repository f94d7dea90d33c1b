// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.host.BusNode;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * {@code /dev/dprc.N} of the root container: every opener has a portal of the root's to send commands through, the first the
 * root's own one and the others a dpmcp each that the allocator has. Thread-safe. Spec: fsl-mc §10.4.
 */
final class McUserNode implements BusNode {
    /** The native driver that keeps objects for others to use. */
    static final String ALLOCATOR = "fsl_mc_allocator";

    private final EmbeddedMcObject root;
    private final ManagementComplex complex;

    /** Guards the two below; before the firmware lock. */
    private final ReentrantLock portalsLock = new ReentrantLock();

    private boolean rootPortalUsed;
    private final Set<EmbeddedMcObject> used = new HashSet<>();

    McUserNode(EmbeddedMcObject root, ManagementComplex complex) {
        this.root = root;
        this.complex = complex;
    }

    @Override
    public String name() {
        return root.name();
    }

    @Override
    public int mode() {
        return 0600;
    }

    @Override
    public UapiFile open(Caller caller) {
        portalsLock.lock();
        try {
            if (!rootPortalUsed) {
                rootPortalUsed = true;
                return new McUserFile(this, root, complex, null);
            }
            var free = root.present.stream()
                    .filter(object -> object.type().equals("dpmcp"))
                    .filter(object ->
                            object.nativeDriver().filter(ALLOCATOR::equals).isPresent())
                    .filter(object -> !used.contains(object))
                    .findFirst()
                    .orElseThrow(() -> new VfioException(
                            Errno.ENXIO,
                            "open refused: the portal of " + name() + " is in use, and " + ALLOCATOR
                                    + " has no dpmcp left, " + used.size() + " are in use"));
            used.add(free);
            return new McUserFile(this, root, complex, free);
        } finally {
            portalsLock.unlock();
        }
    }

    /** An opener is gone; null stands for the root's own portal. */
    void giveBack(@Nullable EmbeddedMcObject portal) {
        portalsLock.lock();
        try {
            if (portal == null) {
                rootPortalUsed = false;
            } else {
                used.remove(portal);
            }
        } finally {
            portalsLock.unlock();
        }
    }
}
