// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceOps.NameMatch;
import org.vfio4j.spi.device.DeviceOps.TokenMatch;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The name under which a user asks a group for a function: its address, then options. The one option there is, a token, is
 * checked at every match, given or not. Thread-safe. Spec: pci §18.5, §18.6.
 */
final class DeviceName implements NameMatch {
    private static final String TOKEN_OPTION = "vf_token=";
    private static final int UUID_LENGTH = 36;

    private final PciFunction function;
    private final TokenMatch tokens;

    DeviceName(PciFunction function, TokenMatch tokens) {
        this.function = function;
        this.tokens = tokens;
    }

    @Override
    public boolean matches(String name) {
        var own = function.name();
        if (!name.startsWith(own) || (name.length() > own.length() && name.charAt(own.length()) != ' ')) {
            return false;
        }
        tokens.check(token(name.substring(own.length())));
        return true;
    }

    private @Nullable UUID token(String options) {
        UUID token = null;
        for (var option : options.split(" ", -1)) {
            if (option.isEmpty()) {
                continue;
            }
            if (token != null || !option.startsWith(TOKEN_OPTION)) {
                throw new VfioException(
                        Errno.EINVAL, function.name() + ": \"" + option + "\" is no option, or was given before");
            }
            token = parse(option.substring(TOKEN_OPTION.length()));
        }
        return token;
    }

    private UUID parse(String text) {
        if (text.length() == UUID_LENGTH) {
            try {
                var token = UUID.fromString(text);
                if (token.toString().equalsIgnoreCase(text)) {
                    return token;
                }
            } catch (IllegalArgumentException e) {
                throw malformed(text);
            }
        }
        throw malformed(text);
    }

    private VfioException malformed(String text) {
        return new VfioException(Errno.EINVAL, function.name() + ": \"" + text + "\" is no UUID");
    }
}
