// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.drivers.fslmc.HostCommands.ApiVersion;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A container this driver has open on its own portal, from probe to release. Spec: fsl-mc §3. */
final class OpenContainer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OpenContainer.class);

    private static final int OLDEST_API = 6;

    private final McObject container;
    private final HostCommands commands;
    private final int token;
    private final ApiVersion version;

    private OpenContainer(McObject container, HostCommands commands, int token, ApiVersion version) {
        this.container = container;
        this.commands = commands;
        this.token = token;
        this.version = version;
    }

    /**
     * Opens a container.
     *
     * @throws VfioException EINVAL when it has no portal, EBUSY when somebody has that, ENOTSUPP when its firmware is too old,
     *     or a command's errno; nothing stays open then
     */
    static OpenContainer open(McObject container) {
        if (container.container() != null && container.regions().isEmpty()) {
            throw new VfioException(Errno.EINVAL, "probe refused: " + container.name() + " has no command portal");
        }
        container.claimPortal();
        try {
            return openClaimed(container);
        } catch (RuntimeException e) {
            container.releasePortal();
            throw e;
        }
    }

    private static OpenContainer openClaimed(McObject container) {
        var commands = new HostCommands(container);
        int token = commands.open(container.type(), container.id());
        try {
            commands.attributes(token);
            var version = commands.apiVersion();
            if (version.major() < OLDEST_API) {
                throw new VfioException(
                        Errno.ENOTSUPP,
                        "probe refused: " + container.name() + " speaks version " + version.major() + "."
                                + version.minor() + " of the container API, " + OLDEST_API + ".0 is needed");
            }
            return new OpenContainer(container, commands, token, version);
        } catch (RuntimeException e) {
            commands.close(token);
            throw e;
        }
    }

    /** Resets everything directly inside. */
    void reset() {
        commands.resetContainer(token, container.id(), version);
    }

    /** Gives the token and the portal back; a failure is only logged. */
    @Override
    public void close() {
        try {
            commands.close(token);
        } catch (VfioException e) {
            LOG.warn("{} was not closed: {}", container.name(), e.getMessage());
        }
        container.releasePortal();
    }
}
