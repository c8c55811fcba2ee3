package dev.ninepin.guest;

import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** The tests that want a kernel of their own, and no device: in user-mode Linux. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(UmlGuests.CLASSES)
class UmlGuests {
    static final String CLASSES = ".*\\.(Installation|Mount|Boot|Service|Removal|Vio9p|Vsock|Comparison)IT";
}
