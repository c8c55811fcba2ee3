package dev.ninepin.guest;

import org.junit.platform.suite.api.ExcludeClassNamePatterns;
import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** The suite of all tests in guests that are neither in {@link SecondGuests} nor in {@link UmlGuests}. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(".*IT")
@ExcludeClassNamePatterns({SecondGuests.CLASSES, UmlGuests.CLASSES})
class FirstGuests {}
